//! Reads the grammar that the parser is made from, without its actions.
//!
//! Of the notation of LALRPOP it knows what our grammar uses: alternatives in braces, captures `<name:X>`, `?`, `*`,
//! groups and macros `Comma<X>`. What it does not know is an error, so that nothing is left out.

/// A rule of the grammar.
#[derive(Clone, Debug, PartialEq)]
pub struct Nonterminal {
    pub name: String,
    pub parameters: Vec<String>,
    pub alternatives: Vec<Vec<Symbol>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Symbol {
    /// A token, by what the grammar calls it.
    Token(String),
    Rule(String, Vec<Symbol>),
    Sequence(Vec<Symbol>),
    Named(String, Box<Symbol>),
    Optional(Box<Symbol>),
    Repeated(Box<Symbol>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Word(String),
    /// Whether it follows what is before it without a blank.
    Mark(char, bool),
    Action,
}

/// All rules, in their order; `extern` ends them.
pub fn read(text: &str) -> Result<Vec<Nonterminal>, String> {
    let start = text.find("\npub ").ok_or("no rule is `pub`")?;
    let end = text.find("\nextern {").ok_or("there is no `extern`")?;
    let mut reader = Reader {
        tokens: tokens(&text[start..end])?,
        at: 0,
    };
    let mut found = Vec::new();
    while reader.at < reader.tokens.len() {
        found.push(reader.nonterminal()?);
    }
    Ok(found)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut glued = false;
    while let Some(first) = rest.chars().next() {
        let (token, len) = match first {
            c if c.is_whitespace() => (None, c.len_utf8()),
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '"' => {
                let end = rest[1..].find('"').ok_or("a token has no end")?;
                (Some(Token::Text(rest[1..=end].to_owned())), end + 2)
            }
            '=' if rest.starts_with("=>") => (Some(Token::Action), 2),
            c if c.is_alphanumeric() || c == '_' => {
                let is_end = |c: char| !c.is_alphanumeric() && c != '_';
                let end = rest.find(is_end).unwrap_or(rest.len());
                (Some(Token::Word(rest[..end].to_owned())), end)
            }
            c => (Some(Token::Mark(c, glued)), c.len_utf8()),
        };
        glued = token.is_some();
        found.extend(token);
        rest = &rest[len..];
    }
    Ok(found)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_mark(&self, wanted: char) -> bool {
        matches!(self.peek(), Some(Token::Mark(mark, _)) if *mark == wanted)
    }

    fn takes(&mut self, wanted: char) -> bool {
        let found = self.is_mark(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.takes(wanted) {
            true => Ok(()),
            false => Err(format!("`{wanted}` expected, {:?} found", self.peek())),
        }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.peek().cloned() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word)
            }
            other => Err(format!("a word expected, {other:?} found")),
        }
    }

    fn nonterminal(&mut self) -> Result<Nonterminal, String> {
        let mut name = self.word()?;
        if name == "pub" {
            name = self.word()?;
        }
        let mut parameters = Vec::new();
        if self.takes('<') {
            parameters.push(self.word()?);
            self.expect('>')?;
        }
        while !self.takes('=') {
            self.at += 1;
            if self.at >= self.tokens.len() {
                return Err(format!("`{name}` has no body"));
            }
        }
        let mut alternatives = Vec::new();
        if self.takes('{') {
            while !self.takes('}') {
                alternatives.push(self.alternative()?);
                self.takes(',');
            }
            self.takes(';');
        } else {
            alternatives.push(self.alternative()?);
            self.expect(';')?;
        }
        Ok(Nonterminal {
            name,
            parameters,
            alternatives,
        })
    }

    fn alternative(&mut self) -> Result<Vec<Symbol>, String> {
        let symbols = self.sequence()?;
        if self.peek() == Some(&Token::Action) {
            self.skip_action();
        }
        Ok(symbols)
    }

    /// Up to the `,`, `}` or `;` that belongs to the grammar.
    fn skip_action(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token {
                Token::Mark('(' | '[' | '{', _) => depth += 1,
                Token::Mark(',' | ';' | '}', _) if depth == 0 => return,
                Token::Mark(')' | ']' | '}', _) => depth -= 1,
                Token::Mark(..) | Token::Text(_) | Token::Word(_) | Token::Action => {}
            }
            self.at += 1;
        }
    }

    fn sequence(&mut self) -> Result<Vec<Symbol>, String> {
        let mut symbols = Vec::new();
        loop {
            let ends = match self.peek() {
                None | Some(Token::Action) => true,
                Some(Token::Mark(mark, _)) => ",;>)}".contains(*mark),
                Some(Token::Text(_) | Token::Word(_)) => false,
            };
            if ends {
                return Ok(symbols);
            }
            if let Some(mut symbol) = self.atom()? {
                if self.takes('?') {
                    symbol = Symbol::Optional(Box::new(symbol));
                } else if self.takes('*') {
                    symbol = Symbol::Repeated(Box::new(symbol));
                }
                symbols.push(symbol);
            }
        }
    }

    /// None of a place, `@L`, or of no symbol, `()`.
    fn atom(&mut self) -> Result<Option<Symbol>, String> {
        if self.takes('@') {
            self.word()?;
            return Ok(None);
        }
        if self.takes('(') {
            let inner = self.sequence()?;
            self.expect(')')?;
            return Ok((!inner.is_empty()).then_some(Symbol::Sequence(inner)));
        }
        if self.takes('<') {
            return self.capture();
        }
        if let Some(Token::Text(text)) = self.peek().cloned() {
            self.at += 1;
            return Ok(Some(Symbol::Token(text)));
        }
        let name = self.word()?;
        let mut arguments = Vec::new();
        if matches!(self.peek(), Some(Token::Mark('<', true))) {
            self.at += 1;
            arguments = self.sequence()?;
            self.expect('>')?;
        }
        Ok(Some(Symbol::Rule(name, arguments)))
    }

    fn capture(&mut self) -> Result<Option<Symbol>, String> {
        if self.peek() == Some(&Token::Word("mut".to_owned())) {
            self.at += 1;
        }
        let mut name = None;
        if let (Some(Token::Word(word)), Some(Token::Mark(':', _))) =
            (self.peek().cloned(), self.tokens.get(self.at + 1))
        {
            self.at += 2;
            name = Some(word);
        }
        let mut inner = self.sequence()?;
        self.expect('>')?;
        let symbol = match inner.len() {
            0 => return Ok(None),
            1 => inner.remove(0),
            _ => Symbol::Sequence(inner),
        };
        Ok(Some(match name {
            Some(name) => Symbol::Named(name, Box::new(symbol)),
            None => symbol,
        }))
    }
}
