//! The texts of the plan's own types, in the order of their declarations.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Fields, Form, ParseError, Text};
use crate::forms;
use crate::functions::{self, BuiltinId};
use crate::plan::*;
use crate::types::{Field, LatticeKind, Type, TypeId, TypeTable, Variant};
use crate::value::Value;

macro_rules! words {
    ($($ty:ty),*) => {$(
        impl Text for $ty {
            fn write(&self) -> Form {
                Form::word(self.to_string())
            }

            fn read(form: &Form) -> Result<Self, ParseError> {
                let (word, _) = form.tag()?;
                word.parse().map_err(|_| ParseError(format!(concat!("`{}` is no ", stringify!($ty)), word)))
            }
        }
    )*};
}

words! { bool, u32, u64, i64 }

macro_rules! ids {
    ($($ty:ident $prefix:literal;)*) => {$(
        impl Text for $ty {
            fn write(&self) -> Form {
                Form::word(format!(concat!($prefix, "{}"), self.0))
            }

            fn read(form: &Form) -> Result<Self, ParseError> {
                let (word, _) = form.tag()?;
                let number = word.strip_prefix($prefix).and_then(|number| number.parse().ok());
                number.map($ty).ok_or_else(|| ParseError(format!(concat!("`{}` is no ", $prefix), word)))
            }
        }
    )*};
}

ids! {
    TypeId "type";
    RelationId "rel";
    IndexId "index";
    RuleId "rule";
    VersionId "version";
    FunctionId "fn";
    ConstantId "const";
    LiteralId "lit";
    AggregateId "agg";
    SiteId "site";
    Register "r";
}

impl Text for SmolStr {
    fn write(&self) -> Form {
        Form::Quoted(self.to_string())
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        match form {
            Form::Quoted(text) => Ok(text.into()),
            Form::Word(_) | Form::List(_) => Err(ParseError("a text stands in quotes".into())),
        }
    }
}

impl Text for BuiltinId {
    fn write(&self) -> Form {
        Form::Quoted(self.get().signature.into())
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let signature = SmolStr::read(form)?;
        functions::find(&signature)
            .ok_or_else(|| ParseError(format!("no built-in is `{signature}`")))
    }
}

/// By its shortest digits, or by its bits where those say more.
impl Text for f64 {
    fn write(&self) -> Form {
        Form::word(format!("{self:?}"))
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let (word, _) = form.tag()?;
        word.parse()
            .map_err(|_| ParseError(format!("`{word}` is no float")))
    }
}

impl<T: Text> Text for Arc<[T]> {
    fn write(&self) -> Form {
        Form::List(self.iter().map(Text::write).collect())
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        Vec::read(form).map(Arc::from)
    }
}

impl Text for u8 {
    fn write(&self) -> Form {
        Form::word(self.to_string())
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let (word, _) = form.tag()?;
        word.parse()
            .map_err(|_| ParseError(format!("`{word}` is no byte")))
    }
}

impl Text for TypeTable {
    fn write(&self) -> Form {
        let entry = |(id, ty): (TypeId, &Type)| Form::List(vec![id.write(), ty.write()]);
        Form::List(self.iter().map(entry).collect())
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let mut table = TypeTable::default();
        for (id, ty) in Vec::<(TypeId, Type)>::read(form)? {
            if table.intern(ty) != id {
                return Err(ParseError(format!("type{} is not the next type", id.0)));
            }
        }
        Ok(table)
    }
}

forms! {
    Type {
        "Bool" = Type::Bool;
        "Int" = Type::Int;
        "Float" = Type::Float;
        "String" = Type::String;
        "Bytes" = Type::Bytes;
        "Addr" = Type::Addr;
        "Time" = Type::Time;
        "Duration" = Type::Duration;
        "Req" = Type::Req;
        "Tuple" = Type::Tuple(parts);
        "List" = Type::List(element);
        "Record" = Type::Record { name, fields };
        "Enum" = Type::Enum { name, variants };
        "FrozenSet" = Type::FrozenSet(element);
        "FrozenBag" = Type::FrozenBag(element);
        "FrozenMap" = Type::FrozenMap(key, value);
        "Function" = Type::Function { parameters, result };
        "Max" = Type::Max(inner);
        "Min" = Type::Min(inner);
        "Or" = Type::Or;
        "And" = Type::And;
        "Set" = Type::Set(element);
        "PosSet" = Type::PosSet(element);
        "Bag" = Type::Bag(element);
        "Map" = Type::Map(key, value);
        "Lex" = Type::Lex(first, second);
        "Lww" = Type::Lww(stamp, value);
        "Once" = Type::Once(inner);
        "Sealed" = Type::Sealed(inner);
        "Lattice" = Type::Lattice { name, kind, fields };
    }
    LatticeKind {
        "product" = LatticeKind::Product;
        "lex" = LatticeKind::Lex;
        "own" = LatticeKind::Own;
    }
    Field { "field" = Field { name, ty }; }
    Variant { "variant" = Variant { name, fields }; }
    Value {
        "bool" = Value::Bool(b);
        "int" = Value::Int(n);
        "float" = Value::Float(x);
        "string" = Value::String(text);
        "bytes" = Value::Bytes(bytes);
        "addr" = Value::Addr(text);
        "time" = Value::Time(n);
        "duration" = Value::Duration(n);
        "req" = Value::Req(n);
        "tuple" = Value::Tuple(parts);
        "list" = Value::List(elements);
        "variant" = Value::Variant(number, fields);
        "set" = Value::Set(elements);
        "bag" = Value::Bag(entries);
        "map" = Value::Map(entries);
        "bottom" = Value::Bottom;
    }
    Plan {
        "plan" = Plan {
            name, replicated, types, constants, literals, functions, sites, own_lattices, relations, indexes, aggregates,
            rules, versions, strata, closing, standing
        };
    }
    Constant { "const" = Constant { name, ty, parameter, init }; }
    Literal { "literal" = Literal { ty, value }; }
    Function { "fn" = Function { name, parameters, result, registers, body }; }
    Site { "site" = Site { builtin, arguments, result }; }
    OwnLattice { "lattice" = OwnLattice { ty, bottom, merge }; }
    RelationKind {
        "table" = RelationKind::Table { durable };
        "scratch" = RelationKind::Scratch;
        "static" = RelationKind::Static;
        "input" = RelationKind::Input;
        "output" = RelationKind::Output;
        "view" = RelationKind::View;
        "channel" = RelationKind::Channel { location };
        "loopback" = RelationKind::Loopback;
        "periodic" = RelationKind::Periodic { every };
        "stdout" = RelationKind::Stdout;
        "stderr" = RelationKind::Stderr;
        "halt" = RelationKind::Halt;
        "stdin" = RelationKind::Stdin;
        "cluster" = RelationKind::Cluster;
        "alive" = RelationKind::Alive;
        "errors" = RelationKind::Errors;
    }
    Relation { "relation" = Relation { name, kind, columns, immutable, sealed_by, public, delivery }; }
    Delivery {
        "free" = Delivery::Free;
        "once" = Delivery::Once;
        "fifo" = Delivery::Fifo(group);
        "ordered" = Delivery::Ordered(log);
    }
    Column { "column" = Column { name, ty, role, default }; }
    Role {
        "key" = Role::Key;
        "value" = Role::Value;
        "lattice" = Role::Lattice;
    }
    Index { "index" = Index { relation, columns, part }; }
    Rule { "rule" = Rule { at, text, head, arrow, bootstrap }; }
    Arrow {
        "<=" = Arrow::Merge;
        "<+" = Arrow::Deferred;
        "<-" = Arrow::Delete;
        "<+-" = Arrow::Upsert;
        "<~" = Arrow::Async;
    }
    Stratum {
        "stratum" = Stratum {
            upkeep, initial, recursive, incremental, events, gains, losses, support, counting, changes
        };
    }
    Upkeep {
        "anew" = Upkeep::Anew;
        "flow" = Upkeep::Flow;
        "counting" = Upkeep::Counting;
        "rederive" = Upkeep::Rederive;
    }
    Standing { "standing" = Standing { relation, head, arrow, columns, index, version }; }
    Version { "version" = Version { rule, delta, negated, registers, nest }; }
    Slot { "slot" = Slot { name, ty }; }
    Op {
        "scan" = Op::Scan { relation, part, bind };
        "probe" = Op::Probe { index, key, bind };
        "exists" = Op::Exists { index, key, negated };
        "each" = Op::Each { source, ty, into };
        "range" = Op::Range { from, to, into };
        "let" = Op::Let { into, value };
        "filter" = Op::Filter { condition };
        "emit" = Op::Emit { relation, arrow, columns };
        "accumulate" = Op::Accumulate { aggregate, group, arguments };
    }
    Extent {
        "total" = Extent::Total;
        "delta" = Extent::Delta;
        "before" = Extent::Before;
        "founded" = Extent::Founded;
    }
    Aggregate { "aggregate" = Aggregate { rule, relation, arrow, group, columns }; }
    AggregateColumn {
        "group" = AggregateColumn::Group(part);
        "function" = AggregateColumn::Function { function, first, value, by, result };
    }
    OrderBy { "by" = OrderBy { ty, descending }; }
    AggregateFunction {
        "count" = AggregateFunction::Count;
        "count-distinct" = AggregateFunction::CountDistinct;
        "sum" = AggregateFunction::Sum;
        "min" = AggregateFunction::Min;
        "max" = AggregateFunction::Max;
        "avg" = AggregateFunction::Avg;
        "list" = AggregateFunction::List;
        "set" = AggregateFunction::Set;
        "argmin" = AggregateFunction::ArgMin;
        "argmax" = AggregateFunction::ArgMax;
        "any" = AggregateFunction::Any;
        "all" = AggregateFunction::All;
        "first" = AggregateFunction::First;
    }
    Argument {
        "value" = Argument::Value(expr);
        "lambda" = Argument::Lambda { function, captures };
    }
    UnaryOp {
        "not" = UnaryOp::Not;
        "int.neg" = UnaryOp::IntNeg;
        "float.neg" = UnaryOp::FloatNeg;
        "int.to-float" = UnaryOp::IntToFloat;
    }
    BinaryOp {
        "int.add" = BinaryOp::IntAdd;
        "int.sub" = BinaryOp::IntSub;
        "int.mul" = BinaryOp::IntMul;
        "int.div" = BinaryOp::IntDiv;
        "int.rem" = BinaryOp::IntRem;
        "float.add" = BinaryOp::FloatAdd;
        "float.sub" = BinaryOp::FloatSub;
        "float.mul" = BinaryOp::FloatMul;
        "float.div" = BinaryOp::FloatDiv;
        "float.rem" = BinaryOp::FloatRem;
    }
    CompareOp {
        "==" = CompareOp::Eq;
        "!=" = CompareOp::Ne;
        "<" = CompareOp::Lt;
        "<=" = CompareOp::Le;
        ">" = CompareOp::Gt;
        ">=" = CompareOp::Ge;
    }
    RowError {
        "overflow" = RowError::Overflow;
        "division-by-zero" = RowError::DivisionByZero;
        "missing" = RowError::Missing;
        "conversion" = RowError::Conversion;
        "conflict" = RowError::Conflict;
        "invalid" = RowError::Invalid;
        "sealed" = RowError::Sealed;
        "nesting" = RowError::Nesting;
    }
}

/// A column and the register it is loaded into.
impl Text for Bind {
    fn write(&self) -> Form {
        Form::List(vec![self.column.write(), self.into.write()])
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let (column, into) = <(u32, Register)>::read(form)?;
        Ok(Bind { column, into })
    }
}

/// What is named by an id is that word; everything else is a list.
impl Text for Expr {
    fn write(&self) -> Form {
        let list = |word: &str, fields: Vec<Form>| {
            Form::List(std::iter::once(Form::word(word)).chain(fields).collect())
        };
        match self {
            Expr::Word(word) => Form::word((*word as i64).to_string()),
            Expr::Literal(literal) => literal.write(),
            Expr::Register(register) => register.write(),
            Expr::Constant(constant) => constant.write(),
            Expr::SelfAddr => Form::word("self"),
            Expr::Unary(op, a) => list("unary", vec![op.write(), a.write()]),
            Expr::Binary(op, a, b) => list("binary", vec![op.write(), a.write(), b.write()]),
            Expr::Compare(op, ty, a, b) => list(
                "compare",
                vec![op.write(), ty.write(), a.write(), b.write()],
            ),
            Expr::And(a, b) => list("and", vec![a.write(), b.write()]),
            Expr::Or(a, b) => list("or", vec![a.write(), b.write()]),
            Expr::If(a, b, c) => list("if", vec![a.write(), b.write(), c.write()]),
            Expr::Let(register, a, b) => list("let", vec![register.write(), a.write(), b.write()]),
            Expr::Make(ty, parts) => list("make", vec![ty.write(), parts.write()]),
            Expr::Part(a, n) => list("part", vec![a.write(), n.write()]),
            Expr::Retype(ty, a) => list("retype", vec![ty.write(), a.write()]),
            Expr::Join(ty, a, b) => list("join", vec![ty.write(), a.write(), b.write()]),
            Expr::Call(function, arguments) => {
                list("call", vec![function.write(), arguments.write()])
            }
            Expr::Builtin(site, arguments) => {
                list("builtin", vec![site.write(), arguments.write()])
            }
            Expr::Fail(error) => list("fail", vec![error.write()]),
        }
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let (tag, rest) = form.tag()?;
        let fields = Fields::new("expression", rest);
        let expr = match (tag, form) {
            ("self", Form::Word(_)) => Expr::SelfAddr,
            (word, Form::Word(_)) => {
                return word
                    .parse::<i64>()
                    .map(|word| Expr::Word(word as u64))
                    .or_else(|_| Register::read(form).map(Expr::Register))
                    .or_else(|_| LiteralId::read(form).map(Expr::Literal))
                    .or_else(|_| ConstantId::read(form).map(Expr::Constant))
                    .map_err(|_: ParseError| ParseError(format!("`{word}` is no expression")));
            }
            ("unary", _) => Expr::Unary(fields.next()?, fields.next()?),
            ("binary", _) => Expr::Binary(fields.next()?, fields.next()?, fields.next()?),
            ("compare", _) => Expr::Compare(
                fields.next()?,
                fields.next()?,
                fields.next()?,
                fields.next()?,
            ),
            ("and", _) => Expr::And(fields.next()?, fields.next()?),
            ("or", _) => Expr::Or(fields.next()?, fields.next()?),
            ("if", _) => Expr::If(fields.next()?, fields.next()?, fields.next()?),
            ("let", _) => Expr::Let(fields.next()?, fields.next()?, fields.next()?),
            ("make", _) => Expr::Make(fields.next()?, fields.next()?),
            ("part", _) => Expr::Part(fields.next()?, fields.next()?),
            ("retype", _) => Expr::Retype(fields.next()?, fields.next()?),
            ("join", _) => Expr::Join(fields.next()?, fields.next()?, fields.next()?),
            ("call", _) => Expr::Call(fields.next()?, fields.next()?),
            ("builtin", _) => Expr::Builtin(fields.next()?, fields.next()?),
            ("fail", _) => Expr::Fail(fields.next()?),
            (other, _) => return Err(ParseError(format!("`{other}` is no expression"))),
        };
        fields.end()?;
        Ok(expr)
    }
}
