use std::rc::Rc;

use crate::function::Function;
use crate::value::Text;

/// A byte offset in the text of a [`Source`].
pub type Position = usize;

/// A text that was parsed; the templates it defines share it.
#[derive(Debug)]
pub struct Source {
    /// Its name in error messages (Go: `ParseName`).
    pub name: Text,
    /// The text.
    pub text: Text,
}

/// A parsed template.
#[derive(Debug)]
pub struct Tree {
    /// The name by which it is executed: of the text, or of a `define` or `block` in it.
    pub name: Text,
    /// The text it stands in.
    pub source: Rc<Source>,
    /// What it does.
    pub root: Vec<Node>,
}

/// An element of a template.
#[derive(Debug)]
pub enum Node {
    /// Plain text.
    Text(Text),
    /// A pipeline whose value is printed, unless it declares or assigns.
    Action(Pipe),
    /// `if`.
    If(Branch),
    /// `with`.
    With(Branch),
    /// `range`.
    Range(Branch),
    /// `template`; also what `block` leaves behind.
    Template(TemplateCall),
    /// `break`.
    Break(Position),
    /// `continue`.
    Continue(Position),
}

/// `if`, `with` or `range` with its parts. An `else if` is a list of one `if`.
#[derive(Debug)]
pub struct Branch {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// What decides.
    pub pipe: Pipe,
    /// What is done if so, or for each element.
    pub list: Vec<Node>,
    /// What is done otherwise.
    pub else_list: Option<Vec<Node>>,
}

/// `{{template "name" pipeline}}`.
#[derive(Debug)]
pub struct TemplateCall {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The name.
    pub name: Text,
    /// What becomes the dot.
    pub pipe: Option<Pipe>,
}

/// Commands, the value of each is the last argument of the next; and the variables that get the last value.
#[derive(Debug)]
pub struct Pipe {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// `=`, not `:=`.
    pub is_assignment: bool,
    /// The variables that are declared or assigned.
    pub variables: Vec<Variable>,
    /// Never empty.
    pub commands: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Debug)]
pub struct Command {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The operand or function, and its arguments; never empty.
    pub arguments: Vec<Expression>,
}

/// A variable, with the fields behind it.
#[derive(Debug)]
pub struct Variable {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// With its `$`.
    pub name: Rc<str>,
    /// The fields: `x`, `y` in `$v.x.y`.
    pub fields: Vec<Text>,
}

/// An operand.
#[derive(Debug)]
pub enum Expression {
    /// `.`
    Dot(Position),
    /// `nil`
    Nil(Position),
    /// `true`, `false`
    Bool(Position, bool),
    /// A number or character constant.
    Number(Number),
    /// A string constant.
    String(StringConstant),
    /// `.x.y`
    Field(Position, Vec<Text>),
    /// `$v.x.y`
    Variable(Variable),
    /// A function.
    Identifier(Identifier),
    /// `(pipeline).x.y`, and other operands followed by fields.
    Chain(Chain),
    /// A pipeline in parentheses.
    Pipe(Box<Pipe>),
}

/// A function that is named.
#[derive(Debug)]
pub struct Identifier {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The function.
    pub function: Rc<Function>,
}

/// An operand with fields behind it.
#[derive(Debug)]
pub struct Chain {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The operand.
    pub operand: Box<Expression>,
    /// `x`, `y`.
    pub fields: Vec<Text>,
}

/// A string constant.
#[derive(Debug)]
pub struct StringConstant {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// As it stands in the text, with quotes.
    pub quoted: Text,
    /// What it means.
    pub text: Text,
}

/// A number with every type it can have.
#[derive(Debug)]
pub struct Number {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// As it stands in the text.
    pub text: Text,
    /// Its value as a signed integer, if it has one.
    pub signed: Option<i64>,
    /// Its value as an unsigned integer, if it has one.
    pub unsigned: Option<u64>,
    /// Its value as a float, if it has one.
    pub float: Option<f64>,
    /// Its value as a complex number (real, imaginary); every number has one unless it is a character constant.
    pub complex: Option<(f64, f64)>,
}
