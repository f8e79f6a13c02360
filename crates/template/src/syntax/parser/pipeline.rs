//! Pipelines, commands and operands.

use std::borrow::Cow;
use std::rc::Rc;

use super::Parser;
use crate::error::Error;
use crate::format::quote;
use crate::syntax::lexer::{Item, Kind};
use crate::syntax::node::{
    Chain, Command, Expression, Identifier, Piece, Pipe, Position, StringConstant, Variable, on_large_stack,
};
use crate::syntax::number::number;
use crate::value::Text;

/// How deep parentheses may stand in one another, as in Go.
const MAX_PARENTHESES: usize = 10_000;

impl<'a> Parser<'a> {
    /// A pipeline up to a right delimiter or parenthesis, which is read too.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Error> {
        let position = self.peek_non_space().start;
        let mut pipe = Pipe { position, is_assignment: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        let base = self.commands.len();
        loop {
            let item = self.next_non_space();
            if item.kind == end {
                break;
            }
            if !begins_operand(item.kind) {
                return Err(self.unexpected(item, context));
            }
            self.put_back();
            let command = self.command()?;
            self.commands.push(command);
        }
        pipe.commands = self.commands.split_off(base);
        self.check_commands(&pipe.commands, context)?;
        Ok(pipe)
    }

    /// The variables before a `:=` or `=`, if there are any.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<(), Error> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            let adjacent = self.peek();
            let following = self.peek_non_space();
            match following.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.is_assignment = following.kind == Kind::Assign;
                    self.next_non_space();
                    self.declare(variable, pipe);
                    return Ok(());
                }
                Kind::Sign if self.value(following) == b"," => {
                    self.next_non_space();
                    self.declare(variable, pipe);
                    self.check_second_variable(pipe, context)?;
                }
                _ if adjacent.kind == Kind::Space => {
                    self.put_back_both_before_last(variable, adjacent);
                    return Ok(());
                }
                _ => {
                    self.put_back_before_last(variable);
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, item: Item, pipe: &mut Pipe) {
        let name = self.name(item);
        let name = self.scope.variables.declare(&name);
        pipe.variables.push(Variable { position: item.start, name, fields: Vec::new() });
    }

    /// After a comma: only `range` has two variables.
    fn check_second_variable(&mut self, pipe: &Pipe, context: &str) -> Result<(), Error> {
        if context != "range" || pipe.variables.len() >= 2 {
            return Err(self.fail(format_args!("too many declarations in {context}")));
        }
        match self.peek_non_space().kind {
            Kind::Variable | Kind::RightDelimiter | Kind::RightParenthesis => Ok(()),
            _ => Err(self.fail("range can only initialize variables")),
        }
    }

    fn check_commands(&self, commands: &[Command], context: &str) -> Result<(), Error> {
        if commands.is_empty() {
            return Err(self.fail(format_args!("missing value for {context}")));
        }
        let constant = commands.iter().skip(1).position(|command| is_literal(&command.operand));
        match constant {
            Some(index) => {
                Err(self.fail(format_args!("non executable command in pipeline stage {}", index + 2)))
            }
            None => Ok(()),
        }
    }

    /// An operand and its arguments, up to a `|`, which is read, or the end of the pipeline, which is not.
    fn command(&mut self) -> Result<Command, Error> {
        let position = self.peek_non_space().start;
        let base = self.arguments.len();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.grow()?;
                self.arguments.push(operand);
            }
            let item = self.next();
            match item.kind {
                Kind::Space => continue,
                Kind::RightDelimiter | Kind::RightParenthesis => self.put_back(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(item, "operand")),
            }
            break;
        }
        let mut expressions = self.arguments.drain(base..);
        match expressions.next() {
            Some(operand) => Ok(Command { position, operand, arguments: expressions.collect() }),
            None => {
                drop(expressions);
                Err(self.fail("empty command"))
            }
        }
    }

    /// A term and the fields behind it; nothing if the next item begins no term.
    fn operand(&mut self) -> Result<Option<Expression>, Error> {
        let Some(mut term) = self.term()? else { return Ok(None) };
        let following = self.peek();
        if following.kind != Kind::Field {
            return Ok(Some(term));
        }
        match &mut term {
            Expression::Field(position, fields) | Expression::Variable(Variable { position, fields, .. }) => {
                *position = following.start;
                self.fields(fields);
                Ok(Some(term))
            }
            _ => self.chain(term, following.start).map(Some),
        }
    }

    fn chain(&mut self, operand: Expression, position: Position) -> Result<Expression, Error> {
        let mut fields = Vec::new();
        self.fields(&mut fields);
        if is_literal(&operand) {
            let shown = operand.to_string();
            return Err(self.fail(format_args!("unexpected . after term {}", quote(shown.as_bytes()))));
        }
        Ok(Expression::Chain(Chain { position, operand: Box::new(operand), fields }))
    }

    fn fields(&mut self, fields: &mut Vec<Text>) {
        while self.peek().kind == Kind::Field {
            let item = self.next();
            fields.push(self.field_name(item));
        }
    }

    fn field_name(&mut self, item: Item) -> Text {
        let name = &self.value(item)[1..];
        if let Some(known) = self.field_names.get(name) {
            return known.clone();
        }
        let name = Text::from(name);
        self.field_names.insert(name.clone());
        name
    }

    fn term(&mut self) -> Result<Option<Expression>, Error> {
        let item = self.next_non_space();
        let position = item.start;
        let term = match item.kind {
            Kind::Identifier => self.function(item)?,
            Kind::Dot => Expression::Dot(position),
            Kind::Nil => Expression::Nil(position),
            Kind::Variable => self.variable(item)?,
            Kind::Field => Expression::Field(position, vec![self.field_name(item)]),
            Kind::Bool => Expression::Bool(position, self.value(item) == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let constant = number(position, self.value(item), item.kind);
                Expression::Number(Box::new(constant.map_err(|message| self.fail(message))?))
            }
            Kind::LeftParenthesis => Expression::Pipe(Box::new(self.parenthesised()?)),
            Kind::String | Kind::RawString => {
                let text = self.unquoted(item)?;
                let quoted = Piece::new(self.source, item.start, item.end);
                Expression::String(StringConstant { position, quoted, text })
            }
            _ => {
                self.put_back();
                return Ok(None);
            }
        };
        Ok(Some(term))
    }

    /// Names are letters, digits and underscores: always UTF-8.
    fn name(&self, item: Item) -> Cow<'a, str> {
        String::from_utf8_lossy(self.value(item))
    }

    fn function(&self, item: Item) -> Result<Expression, Error> {
        match self.functions.get(&self.name(item)) {
            Some(function) => {
                Ok(Expression::Identifier(Identifier { position: item.start, function: Rc::clone(function) }))
            }
            None => Err(self.fail(format_args!("function {} not defined", quote(self.value(item))))),
        }
    }

    fn variable(&self, item: Item) -> Result<Expression, Error> {
        match self.scope.variables.get(&self.name(item)) {
            Some(name) => {
                Ok(Expression::Variable(Variable { position: item.start, name, fields: Vec::new() }))
            }
            None => Err(self.fail(format_args!("undefined variable {}", quote(self.value(item))))),
        }
    }

    fn parenthesised(&mut self) -> Result<Pipe, Error> {
        if self.scope.parentheses >= MAX_PARENTHESES {
            return Err(self.fail("max expression depth exceeded"));
        }
        self.scope.parentheses += 1;
        let pipe = on_large_stack(|| self.pipeline("parenthesized pipeline", Kind::RightParenthesis));
        self.scope.parentheses -= 1;
        pipe
    }
}

fn begins_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::CharConstant
            | Kind::Complex
            | Kind::Dot
            | Kind::Field
            | Kind::Identifier
            | Kind::Number
            | Kind::Nil
            | Kind::RawString
            | Kind::String
            | Kind::Variable
            | Kind::LeftParenthesis
    )
}

/// Is it nothing that could be called or have fields?
fn is_literal(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::Bool(..)
            | Expression::Dot(_)
            | Expression::Nil(_)
            | Expression::Number(_)
            | Expression::String(_)
    )
}
