//! Forms on lines: what fits stays on one, else the items of a list stand below its first words.

use super::Form;

const WIDTH: usize = 100;

pub(super) fn lay_out(form: &Form) -> String {
    let mut text = String::new();
    put(form, 0, &mut text);
    text.push('\n');
    text
}

fn put(form: &Form, indent: usize, text: &mut String) {
    let Form::List(items) = form else {
        return put_flat(form, text);
    };
    if indent + width(form) <= WIDTH {
        return put_flat(form, text);
    }
    text.push('(');
    let mut first = true;
    let mut broken = false;
    for item in items {
        broken |= matches!(item, Form::List(_));
        if broken && !first {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent + 2));
        } else if !first {
            text.push(' ');
        }
        put(item, indent + 2, text);
        first = false;
    }
    text.push(')');
}

fn put_flat(form: &Form, text: &mut String) {
    match form {
        Form::Word(word) => text.push_str(word),
        Form::Quoted(quoted) => {
            text.push('"');
            text.extend(quoted.chars().flat_map(char::escape_debug));
            text.push('"');
        }
        Form::List(items) => {
            text.push('(');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    text.push(' ');
                }
                put_flat(item, text);
            }
            text.push(')');
        }
    }
}

fn width(form: &Form) -> usize {
    match form {
        Form::Word(word) => word.len(),
        Form::Quoted(quoted) => quoted.len() + 2,
        Form::List(items) => items.iter().map(|item| width(item) + 1).sum::<usize>() + 1,
    }
}
