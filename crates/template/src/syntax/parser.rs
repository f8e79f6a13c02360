//! Items to trees: the text itself, its definitions, and the actions that contain others.

mod lookahead;
mod pipeline;
mod scope;

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Display};
use std::mem;
use std::rc::Rc;

use foldhash::fast::RandomState;

use self::scope::Scope;
use super::characters::head;
use super::lexer::{Item, Kind, Lexer, LoopWords};
use super::literal;
use super::node::{
    Branch, Command, Expression, Node, Piece, Position, Source, TemplateCall, Tree, is_empty_tree,
    on_large_stack,
};
use crate::error::Error;
use crate::format::quote;
use crate::functions::Functions;
use crate::value::Text;

/// How deep actions may stand in one another. Go has no such limit but its stack.
const MAX_NESTING: usize = 10_000;

/// Nodes and operands of one text. Each takes about a hundred bytes; the largest public template has some thousands.
const MAX_SIZE: usize = 500_000;

/// The names of fields that were met so far: most stand in many places, and share their bytes.
pub(crate) type FieldNames = HashSet<Text, RandomState>;

/// Parses a text.
///
/// The first tree is that of the text; the others are its `define`s and `block`s in the order in which they end. No
/// two have the same name: what the text says about a name twice is an error, unless all but one are empty.
///
/// # Errors
/// Go's parse error, or that actions are nested too deep.
pub(crate) fn parse(
    name: &Text,
    text: impl AsRef<[u8]> + 'static,
    functions: &Functions,
    field_names: &mut FieldNames,
) -> Result<Vec<Tree>, Error> {
    let source = Rc::new(Source::new(name, text));
    let mut parser = Parser::new(&source, functions, field_names);
    parser.parse_text()?;
    Ok(parser.into_trees())
}

/// The state of a parse. What is being collected waits in stacks, so that every list is made once, of its size.
struct Parser<'a> {
    source: &'a Rc<Source>,
    functions: &'a Functions,
    lexer: Lexer<'a>,
    scope: Scope,
    nesting: usize,
    /// Nodes and operands so far.
    size: usize,
    nodes: Vec<Node>,
    commands: Vec<Command>,
    arguments: Vec<Expression>,
    trees: Vec<Tree>,
    tree_of: HashMap<Text, usize>,
    field_names: &'a mut FieldNames,
}

/// What an action turned out to be.
enum Element {
    Node(Node),
    Closing(Closing),
}

/// What ends a list of nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    End,
    Else,
}

impl Display for Closing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        })
    }
}

impl<'a> Parser<'a> {
    fn new(source: &'a Rc<Source>, functions: &'a Functions, field_names: &'a mut FieldNames) -> Self {
        let words = LoopWords {
            has_break: functions.get("break").is_none(),
            has_continue: functions.get("continue").is_none(),
        };
        Self {
            source,
            functions,
            lexer: Lexer::new(source.text(), words),
            scope: Scope::default(),
            nesting: 0,
            size: 0,
            nodes: Vec::new(),
            commands: Vec::new(),
            arguments: Vec::new(),
            trees: Vec::new(),
            tree_of: HashMap::new(),
            field_names,
        }
    }

    fn value(&self, item: Item) -> &'a [u8] {
        &self.source.text()[item.start..item.end]
    }

    /// Go's error of this place: the line is that of the item read last.
    fn fail(&self, message: impl Display) -> Error {
        Error::parse(self.located(message))
    }

    fn located(&self, message: impl Display) -> String {
        let line = self.source.line(self.last().start);
        format!("template: {}:{line}: {message}", self.source.name)
    }

    fn unexpected(&self, item: Item, context: &str) -> Error {
        if item.kind != Kind::Error {
            return self.fail(format_args!("unexpected {} in {context}", self.described(item)));
        }
        let message = self.lexer.error();
        let Some(action) = self.scope.action else { return self.fail(message) };
        let line = self.source.line(action);
        if line == self.source.line(item.start) {
            return self.fail(message);
        }
        let place = if message.ends_with(" action") { "started" } else { "in action started" };
        self.fail(format_args!("{message} {place} at {}:{line}", self.source.name))
    }

    /// The item as messages show it.
    fn described(&self, item: Item) -> String {
        const SHOWN: usize = 10;
        let value = self.value(item);
        match item.kind {
            Kind::EndOfText => "EOF".into(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(value)),
            _ if value.len() > SHOWN => format!("{}...", quote(head(value, SHOWN))),
            _ => quote(value),
        }
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Item, Error> {
        let item = self.next_non_space();
        if item.kind == kind { Ok(item) } else { Err(self.unexpected(item, context)) }
    }

    fn parse_text(&mut self) -> Result<(), Error> {
        while self.peek().kind != Kind::EndOfText {
            if self.peek().kind == Kind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.put_back_before_last(delimiter);
            }
            match self.text_or_action()? {
                Element::Closing(closing) => return Err(self.fail(format_args!("unexpected {closing}"))),
                Element::Node(node) => self.nodes.push(node),
            }
        }
        let root = mem::take(&mut self.nodes);
        self.add_tree(self.source.name.clone(), root)
    }

    /// A `define` whose keyword was read.
    fn definition(&mut self) -> Result<(), Error> {
        const CONTEXT: &str = "define clause";
        let outer = mem::take(&mut self.scope);
        let item = self.next_non_space();
        let name = self.template_name(item, CONTEXT)?;
        self.expect(Kind::RightDelimiter, CONTEXT)?;
        let (root, closing) = self.list()?;
        if closing == Closing::Else {
            return Err(self.fail(format_args!("unexpected {closing} in {CONTEXT}")));
        }
        self.add_tree(name, root)?;
        self.scope = outer;
        Ok(())
    }

    /// Keeps a tree, unless it is empty and there is one of its name already.
    fn add_tree(&mut self, name: Text, root: Vec<Node>) -> Result<(), Error> {
        let tree = Tree { name: name.clone(), source: Rc::clone(self.source), root, size: self.size };
        let Some(&index) = self.tree_of.get(&name) else {
            self.tree_of.insert(name, self.trees.len());
            self.trees.push(tree);
            return Ok(());
        };
        if is_empty_tree(&self.trees[index].root) {
            self.trees[index] = tree;
        } else if !is_empty_tree(&tree.root) {
            return Err(self.fail(format_args!("template: multiple definition of template {}", quote(&name))));
        }
        Ok(())
    }

    fn into_trees(mut self) -> Vec<Tree> {
        let own = self.tree_of[&self.source.name];
        self.trees[..=own].rotate_right(1);
        self.trees
    }

    /// The nodes up to an `end` or `else`.
    fn list(&mut self) -> Result<(Vec<Node>, Closing), Error> {
        let base = self.nodes.len();
        while self.peek_non_space().kind != Kind::EndOfText {
            match self.text_or_action()? {
                Element::Node(node) => self.nodes.push(node),
                Element::Closing(closing) => return Ok((self.nodes.split_off(base), closing)),
            }
        }
        Err(self.fail("unexpected EOF"))
    }

    /// Counts a node or an operand.
    fn grow(&mut self) -> Result<(), Error> {
        self.size += 1;
        if self.size > MAX_SIZE {
            return Err(Error::limit(
                self.located(format_args!("more than {MAX_SIZE} operands and actions")),
            ));
        }
        Ok(())
    }

    fn text_or_action(&mut self) -> Result<Element, Error> {
        self.grow()?;
        let item = self.next_non_space();
        match item.kind {
            Kind::Text => Ok(Element::Node(Node::Text(Piece::new(self.source, item.start, item.end)))),
            Kind::LeftDelimiter => {
                self.scope.action = Some(item.start);
                let element = self.action()?;
                self.scope.action = None;
                Ok(element)
            }
            _ => Err(self.unexpected(item, "input")),
        }
    }

    /// An action whose left delimiter was read.
    fn action(&mut self) -> Result<Element, Error> {
        let item = self.next_non_space();
        let node = match item.kind {
            Kind::Block => self.nested(Self::block)?,
            Kind::Break => self.loop_word(item.start, "{{break}}", Node::Break)?,
            Kind::Continue => self.loop_word(item.start, "{{continue}}", Node::Continue)?,
            Kind::Else => return self.else_clause(),
            Kind::End => {
                self.expect(Kind::RightDelimiter, "end")?;
                return Ok(Element::Closing(Closing::End));
            }
            Kind::If => self.branch("if", Kind::If).map(Node::If)?,
            Kind::Range => self.branch("range", Kind::Range).map(Node::Range)?,
            Kind::Template => self.template_call()?,
            Kind::With => self.branch("with", Kind::With).map(Node::With)?,
            _ => {
                self.put_back();
                Node::Action(self.pipeline("command", Kind::RightDelimiter)?)
            }
        };
        Ok(Element::Node(node))
    }

    /// Parses something that can contain itself.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.nesting >= MAX_NESTING {
            return Err(Error::limit(self.located(format_args!("actions nested deeper than {MAX_NESTING}"))));
        }
        self.nesting += 1;
        let result = on_large_stack(|| parse(self));
        self.nesting -= 1;
        result
    }

    fn loop_word(&mut self, at: Position, word: &str, node: fn(Position) -> Node) -> Result<Node, Error> {
        self.expect(Kind::RightDelimiter, word)?;
        if self.scope.ranges == 0 {
            return Err(self.fail(format_args!("{word} outside {{{{range}}}}")));
        }
        Ok(node(at))
    }

    /// An `else`; the `if` or `with` behind it stays to be read.
    fn else_clause(&mut self) -> Result<Element, Error> {
        if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
            self.expect(Kind::RightDelimiter, "else")?;
        }
        Ok(Element::Closing(Closing::Else))
    }

    /// What `if`, `with` and `range` have in common, after their keyword.
    fn branch(&mut self, context: &'static str, keyword: Kind) -> Result<Box<Branch>, Error> {
        let outer_variables = self.scope.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelimiter)?;
        let is_range = keyword == Kind::Range;
        self.scope.ranges += usize::from(is_range);
        let (list, closing) = self.nested(Self::list)?;
        self.scope.ranges -= usize::from(is_range);
        let else_list = match closing {
            Closing::End => None,
            Closing::Else => Some(self.nested(|parser| parser.else_list(keyword))?),
        };
        self.scope.variables.truncate(outer_variables);
        Ok(Box::new(Branch { position: pipe.position, pipe, list, else_list }))
    }

    /// What follows an `else`; an `else if` ends with the `end` of its `if`.
    fn else_list(&mut self, keyword: Kind) -> Result<Vec<Node>, Error> {
        match (keyword, self.peek().kind) {
            (Kind::If, Kind::If) => {
                self.next();
                Ok(vec![Node::If(self.branch("if", Kind::If)?)])
            }
            (Kind::With, Kind::With) => {
                self.next();
                Ok(vec![Node::With(self.branch("with", Kind::With)?)])
            }
            _ => self.last_list(),
        }
    }

    fn last_list(&mut self) -> Result<Vec<Node>, Error> {
        let (list, closing) = self.list()?;
        if closing == Closing::Else {
            return Err(self.fail(format_args!("expected end; found {closing}")));
        }
        Ok(list)
    }

    /// A `block` after its keyword: defines a template and calls it.
    fn block(&mut self) -> Result<Node, Error> {
        const CONTEXT: &str = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(item, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelimiter)?;
        let outer = mem::take(&mut self.scope);
        let (root, closing) = self.list()?;
        if closing == Closing::Else {
            // Go reports it where the body begins.
            self.scope = outer;
            return Err(self.fail(format_args!("unexpected {closing} in {CONTEXT}")));
        }
        self.add_tree(name.clone(), root)?;
        self.scope = outer;
        Ok(Node::Template(Box::new(TemplateCall { position: item.start, name, pipe: Some(pipe) })))
    }

    /// A `template` after its keyword.
    fn template_call(&mut self) -> Result<Node, Error> {
        const CONTEXT: &str = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(item, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelimiter {
            self.put_back();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?);
        }
        Ok(Node::Template(Box::new(TemplateCall { position: item.start, name, pipe })))
    }

    fn template_name(&self, item: Item, context: &str) -> Result<Text, Error> {
        match item.kind {
            Kind::String | Kind::RawString => self.unquoted(item),
            _ => Err(self.unexpected(item, context)),
        }
    }

    fn unquoted(&self, item: Item) -> Result<Text, Error> {
        literal::string(self.value(item)).ok_or_else(|| self.fail("invalid syntax"))
    }
}
