//! Both directions of a type's text from one table.

use std::cell::Cell;

use super::{Form, ParseError};

/// A type that has a text.
pub trait Text: Sized {
    fn write(&self) -> Form;
    fn read(form: &Form) -> Result<Self, ParseError>;
}

/// The fields of a form, taken one after another.
pub struct Fields<'f> {
    of: &'static str,
    rest: Cell<&'f [Form]>,
}

impl<'f> Fields<'f> {
    pub fn new(of: &'static str, rest: &'f [Form]) -> Self {
        Fields {
            of,
            rest: Cell::new(rest),
        }
    }

    pub fn next<T: Text>(&self) -> Result<T, ParseError> {
        let Some((first, rest)) = self.rest.get().split_first() else {
            return Err(ParseError(format!("`{}` ends too early", self.of)));
        };
        self.rest.set(rest);
        T::read(first)
    }

    pub fn end(&self) -> Result<(), ParseError> {
        match self.rest.get() {
            [] => Ok(()),
            _ => Err(ParseError(format!("`{}` has too many parts", self.of))),
        }
    }
}

impl Form {
    /// The first word, and what follows it.
    pub fn tag(&self) -> Result<(&str, &[Form]), ParseError> {
        match self {
            Form::Word(word) => Ok((word, &[])),
            Form::List(items) => match items.split_first() {
                Some((Form::Word(word), rest)) => Ok((word, rest)),
                _ => Err(ParseError("a list that does not start with a word".into())),
            },
            Form::Quoted(text) => Err(ParseError(format!("unexpected text {text:?}"))),
        }
    }
}

/// Declares the text of an enum or struct: for each variant its word, then its fields in order.
/// What has no fields is the bare word.
#[macro_export]
macro_rules! forms {
    ($($ty:path { $($tag:literal = $($name:ident)::+ $(($($item:ident),*))? $({$($field:ident),*})? ;)* })*) => {$(
        impl $crate::text::Text for $ty {
            fn write(&self) -> $crate::text::Form {
                match self {
                    $($($name)::+ $(($($item),*))? $({$($field),*})? => {
                        let fields: Vec<$crate::text::Form> = vec![
                            $($($crate::text::Text::write($item)),*)?
                            $($($crate::text::Text::write($field)),*)?
                        ];
                        let word = $crate::text::Form::word($tag);
                        if fields.is_empty() {
                            return word;
                        }
                        $crate::text::Form::List(std::iter::once(word).chain(fields).collect())
                    })*
                }
            }

            fn read(form: &$crate::text::Form) -> Result<Self, $crate::text::ParseError> {
                let (tag, rest) = form.tag()?;
                match tag {
                    $($tag => {
                        let fields = $crate::text::Fields::new($tag, rest);
                        $($(let $item = fields.next()?;)*)?
                        $($(let $field = fields.next()?;)*)?
                        fields.end()?;
                        Ok($($name)::+ $(($($item),*))? $({$($field),*})?)
                    })*
                    other => Err($crate::text::ParseError(format!(
                        concat!("`{}` is no ", stringify!($ty)), other,
                    ))),
                }
            }
        }
    )*};
}

impl<T: Text> Text for Vec<T> {
    fn write(&self) -> Form {
        Form::List(self.iter().map(Text::write).collect())
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        match form {
            Form::List(items) => items.iter().map(T::read).collect(),
            Form::Word(word) | Form::Quoted(word) => {
                Err(ParseError(format!("`{word}` is no list")))
            }
        }
    }
}

impl<T: Text> Text for Option<T> {
    fn write(&self) -> Form {
        match self {
            None => Form::word("-"),
            Some(value) => value.write(),
        }
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        match form {
            Form::Word(word) if word == "-" => Ok(None),
            other => T::read(other).map(Some),
        }
    }
}

impl<T: Text> Text for Box<T> {
    fn write(&self) -> Form {
        T::write(self)
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        T::read(form).map(Box::new)
    }
}

impl<A: Text, B: Text> Text for (A, B) {
    fn write(&self) -> Form {
        Form::List(vec![self.0.write(), self.1.write()])
    }

    fn read(form: &Form) -> Result<Self, ParseError> {
        let Form::List(items) = form else {
            return Err(ParseError("a pair is a list".into()));
        };
        let fields = Fields::new("pair", items);
        let pair = (fields.next()?, fields.next()?);
        fields.end()?;
        Ok(pair)
    }
}
