//! Nodes as Go prints them, in one spelling whatever the text looked like.

use std::fmt::{Display, Formatter, Result};

use super::node::{
    Branch, Chain, Command, Expression, Identifier, Node, Number, Pipe, StringConstant, TemplateCall,
    Variable, on_large_stack,
};
use crate::format::quote;
use crate::value::Text;

impl Display for Node {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).fmt(formatter),
            Self::Action(pipe) => write!(formatter, "{{{{{pipe}}}}}"),
            Self::If(branch) => print_branch("if", branch, formatter),
            Self::With(branch) => print_branch("with", branch, formatter),
            Self::Range(branch) => print_branch("range", branch, formatter),
            Self::Template(call) => call.fmt(formatter),
            Self::Break(_) => formatter.write_str("{{break}}"),
            Self::Continue(_) => formatter.write_str("{{continue}}"),
        }
    }
}

fn print_branch(keyword: &str, branch: &Branch, formatter: &mut Formatter<'_>) -> Result {
    on_large_stack(|| {
        write!(formatter, "{{{{{keyword} {}}}}}", branch.pipe)?;
        print_list(&branch.list, formatter)?;
        if let Some(list) = &branch.else_list {
            formatter.write_str("{{else}}")?;
            print_list(list, formatter)?;
        }
        formatter.write_str("{{end}}")
    })
}

fn print_list(list: &[Node], formatter: &mut Formatter<'_>) -> Result {
    list.iter().try_for_each(|node| node.fmt(formatter))
}

impl Display for TemplateCall {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{{{{template {}", quote(&self.name))?;
        if let Some(pipe) = &self.pipe {
            write!(formatter, " {pipe}")?;
        }
        formatter.write_str("}}")
    }
}

impl Display for Pipe {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        print_separated(&self.variables, ", ", formatter)?;
        if !self.variables.is_empty() {
            formatter.write_str(if self.is_assignment { " = " } else { " := " })?;
        }
        print_separated(&self.commands, " | ", formatter)
    }
}

impl Display for Command {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        print_operand(&self.operand, formatter)?;
        for argument in &self.arguments {
            formatter.write_str(" ")?;
            print_operand(argument, formatter)?;
        }
        Ok(())
    }
}

/// The expression as part of another one: a pipeline is in parentheses.
fn print_operand(expression: &Expression, formatter: &mut Formatter<'_>) -> Result {
    match expression {
        Expression::Pipe(pipe) => on_large_stack(|| write!(formatter, "({pipe})")),
        _ => expression.fmt(formatter),
    }
}

fn print_separated(items: &[impl Display], separator: &str, formatter: &mut Formatter<'_>) -> Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            formatter.write_str(separator)?;
        }
        item.fmt(formatter)?;
    }
    Ok(())
}

impl Display for Expression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::Dot(_) => formatter.write_str("."),
            Self::Nil(_) => formatter.write_str("nil"),
            Self::Bool(_, value) => value.fmt(formatter),
            Self::Number(number) => number.fmt(formatter),
            Self::String(constant) => constant.fmt(formatter),
            Self::Field(_, names) => print_fields(names, formatter),
            Self::Variable(variable) => variable.fmt(formatter),
            Self::Identifier(identifier) => identifier.fmt(formatter),
            Self::Chain(chain) => chain.fmt(formatter),
            Self::Pipe(pipe) => on_large_stack(|| pipe.fmt(formatter)),
        }
    }
}

fn print_fields(names: &[Text], formatter: &mut Formatter<'_>) -> Result {
    names.iter().try_for_each(|name| write!(formatter, ".{name}"))
}

impl Display for Number {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        self.text.fmt(formatter)
    }
}

impl Display for StringConstant {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        String::from_utf8_lossy(&self.quoted).fmt(formatter)
    }
}

impl Display for Variable {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(&self.name)?;
        print_fields(&self.fields, formatter)
    }
}

impl Display for Identifier {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(self.function.name())
    }
}

impl Display for Chain {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        print_operand(&self.operand, formatter)?;
        print_fields(&self.fields, formatter)
    }
}
