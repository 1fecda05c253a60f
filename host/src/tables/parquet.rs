//! Parquet, through Arrow record batches.
//!
//! | type | column |
//! | --- | --- |
//! | `Bool` | boolean |
//! | `Int`, `Req`, `Duration` | 64-bit integer; any integer column is read |
//! | `Time` | timestamp in nanoseconds, UTC; integers are read too |
//! | `Float` | double |
//! | `String`, `Addr` | string |
//! | `Bytes` | binary |
//! | enums | string: the variant's name, or JSON where it has fields |
//! | an `Option` of these | the same, null for `None` |
//! | all others | JSON in a string |
//!
//! Columns are found by name; if no name fits, by position.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, TimeUnit};
use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::{Row, Value, canonical_float};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{Sink, TableError, cell};
use crate::json::option_payload;
use crate::schema::{GivenRow, Schema, type_name};

/// Rows a batch, read or written.
const BATCH_ROWS: usize = 8192;

pub(super) fn read(
    path: &Path,
    schema: &Schema<'_>,
    sink: &mut Sink<'_>,
) -> Result<u64, TableError> {
    let format = |e: &dyn std::fmt::Display| TableError::Format {
        path: path.to_owned(),
        message: e.to_string(),
    };
    let file = File::open(path).map_err(|source| TableError::Io {
        path: path.to_owned(),
        source,
    })?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|e| format(&e))?
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|e| format(&e))?;
    let mut count = 0;
    for batch in reader {
        let batch = batch.map_err(|e| format(&e))?;
        let fields = layout(schema, &batch).map_err(|message| format(&message))?;
        for i in 0..batch.num_rows() {
            count += 1;
            let row = fields.iter().enumerate().map(|(column, field)| {
                let column = &schema.relation.columns[column];
                let Some(field) = field else { return Ok(None) };
                value(schema.types, column.ty, batch.column(*field), i)
                    .map(Some)
                    .map_err(|message| format!("column `{}`: {message}", column.name))
            });
            let row = row.collect::<Result<GivenRow, String>>();
            row.and_then(&mut *sink)
                .map_err(|message| TableError::Content {
                    path: path.to_owned(),
                    line: count,
                    message,
                })?;
        }
    }
    Ok(count)
}

/// Which column of the file holds each column of the collection.
fn layout(schema: &Schema<'_>, batch: &RecordBatch) -> Result<Vec<Option<usize>>, String> {
    let file = batch.schema();
    let columns = &schema.relation.columns;
    if file
        .fields()
        .iter()
        .all(|field| schema.column(field.name()).is_none())
    {
        if file.fields().len() != columns.len() {
            return Err(format!(
                "the file has {} columns, `{}` has {}",
                file.fields().len(),
                schema.relation.name,
                columns.len()
            ));
        }
        return Ok((0..columns.len()).map(Some).collect());
    }
    if let Some(unknown) = file
        .fields()
        .iter()
        .find(|f| schema.column(f.name()).is_none())
    {
        return Err(schema.unknown_column(unknown.name()).to_string());
    }
    (0..columns.len())
        .map(|i| match file.index_of(&columns[i].name) {
            Ok(field) => Ok(Some(field)),
            Err(_) => schema
                .may_be_left_out(i)
                .map(|_| None)
                .map_err(|e| e.to_string()),
        })
        .collect()
}

fn value(types: &TypeTable, ty: TypeId, array: &ArrayRef, i: usize) -> Result<Value, String> {
    let mismatch = || {
        format!(
            "expected {}, found a column of {}",
            type_name(types, ty),
            array.data_type()
        )
    };
    if array.is_null(i) {
        return cell::read(types, ty, "")
            .ok()
            .filter(|value| !matches!(value, Value::String(_) | Value::Addr(_) | Value::Bytes(_)))
            .ok_or_else(|| format!("expected {}, found null", type_name(types, ty)));
    }
    match types.get(ty) {
        Type::Bool | Type::Or | Type::And => array
            .as_boolean_opt()
            .map(|array| Value::Bool(array.value(i)))
            .ok_or_else(mismatch),
        Type::Int => integer(array, i).map(Value::Int).ok_or_else(mismatch),
        Type::Req => integer(array, i).map(Value::Req).ok_or_else(mismatch),
        Type::Duration => integer(array, i).map(Value::Duration).ok_or_else(mismatch),
        Type::Time => time(array, i).map(Value::Time).ok_or_else(mismatch),
        Type::Float => float(array, i).map(Value::Float).ok_or_else(mismatch),
        Type::String => text(array, i).map(Value::string).ok_or_else(mismatch),
        Type::Addr => text(array, i)
            .map(|s| Value::Addr(s.into()))
            .ok_or_else(mismatch),
        Type::Bytes => bytes(array, i)
            .map(|b| Value::Bytes(b.into()))
            .ok_or_else(mismatch),
        Type::Max(inner) | Type::Min(inner) => value(types, *inner, array, i),
        _ => match payload(types, ty) {
            Some(payload) => {
                value(types, payload, array, i).map(|part| Value::Variant(1, [part].into()))
            }
            None => cell::read(types, ty, text(array, i).ok_or_else(mismatch)?),
        },
    }
}

fn integer(array: &ArrayRef, i: usize) -> Option<i64> {
    match array.data_type() {
        DataType::Int64 => Some(array.as_primitive::<Int64Type>().value(i)),
        DataType::Int32 => Some(array.as_primitive::<Int32Type>().value(i).into()),
        DataType::Int16 => Some(array.as_primitive::<Int16Type>().value(i).into()),
        DataType::Int8 => Some(array.as_primitive::<Int8Type>().value(i).into()),
        DataType::UInt64 => i64::try_from(array.as_primitive::<UInt64Type>().value(i)).ok(),
        DataType::UInt32 => Some(array.as_primitive::<UInt32Type>().value(i).into()),
        DataType::UInt16 => Some(array.as_primitive::<UInt16Type>().value(i).into()),
        DataType::UInt8 => Some(array.as_primitive::<UInt8Type>().value(i).into()),
        _ => None,
    }
}

fn time(array: &ArrayRef, i: usize) -> Option<i64> {
    let DataType::Timestamp(unit, _) = array.data_type() else {
        return integer(array, i);
    };
    match unit {
        TimeUnit::Nanosecond => Some(array.as_primitive::<TimestampNanosecondType>().value(i)),
        TimeUnit::Microsecond => array
            .as_primitive::<TimestampMicrosecondType>()
            .value(i)
            .checked_mul(1_000),
        TimeUnit::Millisecond => array
            .as_primitive::<TimestampMillisecondType>()
            .value(i)
            .checked_mul(1_000_000),
        TimeUnit::Second => array
            .as_primitive::<TimestampSecondType>()
            .value(i)
            .checked_mul(1_000_000_000),
    }
}

fn float(array: &ArrayRef, i: usize) -> Option<f64> {
    let x = match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().value(i),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(i).into(),
        _ => integer(array, i)? as f64,
    };
    Some(canonical_float(x))
}

fn text(array: &ArrayRef, i: usize) -> Option<&str> {
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(i)),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(i)),
        DataType::Utf8View => Some(array.as_string_view().value(i)),
        _ => None,
    }
}

fn bytes(array: &ArrayRef, i: usize) -> Option<&[u8]> {
    match array.data_type() {
        DataType::Binary => Some(array.as_binary::<i32>().value(i)),
        DataType::LargeBinary => Some(array.as_binary::<i64>().value(i)),
        DataType::BinaryView => Some(array.as_binary_view().value(i)),
        _ => None,
    }
}

pub(super) fn write(
    path: &Path,
    schema: &Schema<'_>,
    rows: &mut dyn Iterator<Item = Row>,
) -> Result<u64, TableError> {
    let format = |e: &dyn std::fmt::Display| TableError::Format {
        path: path.to_owned(),
        message: e.to_string(),
    };
    let fields: Vec<Field> = schema
        .relation
        .columns
        .iter()
        .map(|c| {
            Field::new(
                c.name.as_str(),
                data_type(schema.types, c.ty),
                is_nullable(schema.types, c.ty),
            )
        })
        .collect();
    if fields.is_empty() {
        return Err(format(&"Parquet cannot hold rows without columns"));
    }
    let arrow = Arc::new(ArrowSchema::new(fields));
    let file = File::create(path).map_err(|source| TableError::Io {
        path: path.to_owned(),
        source,
    })?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer =
        ArrowWriter::try_new(file, arrow.clone(), Some(properties)).map_err(|e| format(&e))?;
    let mut count = 0;
    loop {
        let batch: Vec<Row> = rows.take(BATCH_ROWS).collect();
        if batch.is_empty() {
            break;
        }
        count += batch.len() as u64;
        let arrays = schema
            .relation
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| column(schema.types, c.ty, batch.iter().map(|row| &row[i])))
            .collect();
        let batch = RecordBatch::try_new(arrow.clone(), arrays).map_err(|e| format(&e))?;
        writer.write(&batch).map_err(|e| format(&e))?;
    }
    writer.close().map_err(|e| format(&e))?;
    Ok(count)
}

/// The type under `Max` and `Min`.
fn underlying(types: &TypeTable, ty: TypeId) -> TypeId {
    match types.get(ty) {
        Type::Max(inner) | Type::Min(inner) => underlying(types, *inner),
        _ => ty,
    }
}

/// What an `Option` holds, if its column can be one of that with nulls.
fn payload(types: &TypeTable, ty: TypeId) -> Option<TypeId> {
    match types.get(ty) {
        Type::Enum { name, variants } => {
            option_payload(name, variants).filter(|&payload| cell::has_own_text(types, payload))
        }
        _ => None,
    }
}

fn is_nullable(types: &TypeTable, ty: TypeId) -> bool {
    payload(types, ty).is_some()
        || matches!(types.get(ty), Type::Max(_) | Type::Min(_) | Type::Lww(..))
}

fn data_type(types: &TypeTable, ty: TypeId) -> DataType {
    match types.get(underlying(types, payload(types, ty).unwrap_or(ty))) {
        Type::Bool | Type::Or | Type::And => DataType::Boolean,
        Type::Int | Type::Req | Type::Duration => DataType::Int64,
        Type::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        Type::Float => DataType::Float64,
        Type::Bytes => DataType::Binary,
        _ => DataType::Utf8,
    }
}

fn column<'a>(types: &TypeTable, ty: TypeId, values: impl Iterator<Item = &'a Value>) -> ArrayRef {
    let number = |value: &Value| match value {
        Value::Int(n) | Value::Time(n) | Value::Duration(n) | Value::Req(n) => Some(*n),
        _ => None,
    };
    let payload = payload(types, ty);
    let ty = payload.unwrap_or(ty);
    // Of an `Option` the value, and a bottom for none: it has no number, and no text.
    let values = values.map(|value| match (payload, value) {
        (Some(_), Value::Variant(_, parts)) => parts.first().unwrap_or(&Value::Bottom),
        _ => value,
    });
    match data_type(types, ty) {
        DataType::Boolean => Arc::new(BooleanArray::from_iter(values.map(|value| match value {
            Value::Bool(b) => Some(*b),
            _ => None,
        }))),
        DataType::Int64 => Arc::new(Int64Array::from_iter(values.map(number))),
        DataType::Timestamp(..) => {
            Arc::new(TimestampNanosecondArray::from_iter(values.map(number)).with_timezone("UTC"))
        }
        DataType::Float64 => Arc::new(Float64Array::from_iter(values.map(|value| match value {
            Value::Float(x) => Some(*x),
            _ => None,
        }))),
        DataType::Binary => Arc::new(BinaryArray::from_iter(values.map(|value| match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }))),
        _ => Arc::new(StringArray::from_iter(values.map(|value| {
            let mut text = Vec::new();
            cell::write(&mut text, types, ty, value);
            (*value != Value::Bottom).then(|| String::from_utf8(text).expect("cells are UTF-8"))
        }))),
    }
}
