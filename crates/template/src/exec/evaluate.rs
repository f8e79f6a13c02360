use std::rc::Rc;

use bytes::Bytes;

use super::call::Call;
use super::place::NodeRef;
use super::walk::State;
use super::{MissingKey, RED_ZONE, STACK};
use crate::error::Error;
use crate::format::quote;
use crate::function::{Function, Purity, Role, Slot, Type};
use crate::functions::{duration, not_callable};
use crate::syntax::{Chain, Command, Expression, Number, Pipe, Variable};
use crate::value::{Element, IntegerKind, Map, MapType, Member, Text, Value};

/// The arguments of a command as they stand in the tree: the function or operand itself is not among them.
type Arguments<'t> = &'t [Expression];

/// A field, a chain or a variable with what it is called with.
struct Operand<'t> {
    expression: &'t Expression,
    arguments: Arguments<'t>,
    /// The value of the command before it.
    last: Option<Slot>,
}

impl<'t> Operand<'t> {
    fn plain(expression: &'t Expression) -> Self {
        Self { expression, arguments: &[], last: None }
    }
}

impl<'t> State<'_, 't> {
    pub(super) fn evaluate_pipe(&mut self, dot: &Slot, pipe: &'t Pipe) -> Result<Slot, Error> {
        self.node = Some(NodeRef::Pipe(pipe));
        let mut value = None;
        for command in &pipe.commands {
            // A value in an interface is taken out of it; a nil then is no value at all.
            let Slot { value: result, .. } = self.evaluate_command(dot, command, value)?;
            value = Some(Slot::concrete(result));
        }
        let value = value.unwrap_or_else(|| Slot::concrete(Value::Nil));
        for variable in &pipe.variables {
            if pipe.is_assignment {
                self.assign(&variable.name, value.clone())?;
            } else {
                self.variables.push((Rc::clone(&variable.name), value.clone()));
            }
        }
        Ok(value)
    }

    fn evaluate_command(
        &mut self,
        dot: &Slot,
        command: &'t Command,
        last: Option<Slot>,
    ) -> Result<Slot, Error> {
        let Command { operand: first, arguments, .. } = command;
        match first {
            Expression::Field(..) | Expression::Chain(_) | Expression::Variable(_) => {
                self.evaluate_operand(dot, Operand { expression: first, arguments, last })
            }
            Expression::Identifier(identifier) => {
                self.node = Some(NodeRef::Expression(first));
                self.call(dot, &identifier.function, NodeRef::Command(command), arguments, last)
            }
            Expression::Pipe(pipe) => {
                self.refuse_arguments(first, arguments, last.as_ref())?;
                self.evaluate_inner_pipe(dot, pipe)
            }
            _ => {
                self.node = Some(NodeRef::Expression(first));
                self.refuse_arguments(first, arguments, last.as_ref())?;
                match first {
                    Expression::Dot(_) => Ok(dot.clone()),
                    Expression::Nil(_) => Err(self.fail("nil is not a command")),
                    _ => self.constant(first),
                }
            }
        }
    }

    fn evaluate_inner_pipe(&mut self, dot: &Slot, pipe: &'t Pipe) -> Result<Slot, Error> {
        self.step()?;
        stacker::maybe_grow(RED_ZONE, STACK, || self.evaluate_pipe(dot, pipe))
    }

    fn refuse_arguments(
        &self,
        first: &Expression,
        arguments: Arguments<'t>,
        last: Option<&Slot>,
    ) -> Result<(), Error> {
        if arguments.is_empty() && last.is_none() {
            return Ok(());
        }
        Err(self.fail(format!("can't give argument to non-function {first}")))
    }

    /// A field, a chain or a variable, called with arguments if it turns out to be a method.
    fn evaluate_operand(&mut self, dot: &Slot, operand: Operand<'t>) -> Result<Slot, Error> {
        let expression = operand.expression;
        self.node = Some(NodeRef::Expression(expression));
        match expression {
            Expression::Field(_, fields) => self.follow(dot, dot.clone(), fields, operand),
            Expression::Chain(Chain { operand: inner, fields, .. }) => {
                if let Expression::Nil(_) = **inner {
                    return Err(self.fail(format!("indirection through explicit nil in {expression}")));
                }
                let receiver = self.evaluate_untyped(dot, inner)?;
                self.follow(dot, receiver, fields, operand)
            }
            Expression::Variable(variable) => {
                let value = self.variable(variable)?;
                if variable.fields.is_empty() {
                    self.refuse_arguments(expression, operand.arguments, operand.last.as_ref())?;
                    return Ok(value);
                }
                self.follow(dot, value, &variable.fields, operand)
            }
            _ => self.constant(expression),
        }
    }

    fn variable(&self, variable: &Variable) -> Result<Slot, Error> {
        let place = self.place_of(&variable.name)?;
        Ok(self.variables[place].1.clone())
    }

    /// Follows fields; the arguments belong to the last one.
    fn follow(
        &mut self,
        dot: &Slot,
        mut receiver: Slot,
        fields: &[Text],
        operand: Operand<'t>,
    ) -> Result<Slot, Error> {
        let Some((last_field, inner)) = fields.split_last() else { return Ok(receiver) };
        for field in inner {
            receiver = self.field(dot, &receiver, field, Operand::plain(operand.expression))?;
        }
        self.field(dot, &receiver, last_field, operand)
    }

    fn field(
        &mut self,
        dot: &Slot,
        receiver: &Slot,
        name: &Text,
        operand: Operand<'t>,
    ) -> Result<Slot, Error> {
        let static_type = || {
            if receiver.in_interface { "interface {}".into() } else { receiver.value.type_name() }
        };
        if receiver.value.is_nil() {
            if receiver.in_interface {
                return Err(self.fail(format!("nil pointer evaluating {}.{name}", static_type())));
            }
            if self.execution.missing_key == MissingKey::Error {
                return Err(self.fail(format!("nil data; no entry for key {}", quote(name))));
            }
            return Ok(Slot::concrete(Value::Nil));
        }
        let has_arguments = !operand.arguments.is_empty() || operand.last.is_some();
        match member(&receiver.value, name) {
            Some(Member::Method(method)) => {
                let node = NodeRef::Expression(operand.expression);
                return self.call(dot, &method, node, operand.arguments, operand.last);
            }
            Some(Member::Field(_)) if has_arguments => {
                return Err(self.fail(format!("{name} has arguments but cannot be invoked as function")));
            }
            Some(Member::Field(value)) => return Ok(Slot::concrete(value)),
            None => {}
        }
        match &receiver.value {
            Value::Map(_) if has_arguments => {
                Err(self.fail(format!("{name} is not a method but has arguments")))
            }
            Value::Map(map) => self.entry(map, name),
            _ => Err(self.fail(format!("can't evaluate field {name} in type {}", static_type()))),
        }
    }

    fn entry(&self, map: &Map, key: &Text) -> Result<Slot, Error> {
        let in_interface = map.map_type().holds_any();
        match map.get(key) {
            Some(value) => Ok(Slot { value, in_interface }),
            None if self.execution.missing_key == MissingKey::Error => {
                Err(self.fail(format!("map has no entry for key {}", quote(key))))
            }
            None => Ok(Slot { value: zero_of(map.map_type().element()), in_interface }),
        }
    }

    /// Calls a function or method; an error names the given node.
    fn call(
        &mut self,
        dot: &Slot,
        function: &Function,
        node: NodeRef<'t>,
        arguments: Arguments<'t>,
        last: Option<Slot>,
    ) -> Result<Slot, Error> {
        self.step()?;
        self.check_count(function, arguments.len(), last.is_some())?;
        if let Role::ShortCircuit(decisive) = function.role() {
            return self.call_short_circuit(dot, decisive, arguments, last);
        }
        let mut slots = self.execution.spare_arguments.pop().unwrap_or_default();
        self.evaluate_arguments(dot, function, arguments, last, &mut slots)?;
        if function.purity() == Purity::Varying {
            self.execution.varying.insert(function.name());
        }
        self.read_texts(&slots)?;
        let result = match (function.role(), &slots[..]) {
            (Role::Call, [callee, ..]) => Err(not_callable(&callee_name(arguments, callee), &callee.value)),
            _ => function.call(&mut Call { execution: &mut *self.execution }, &slots),
        };
        slots.clear();
        self.execution.spare_arguments.push(slots);
        match result {
            Ok(value) => Ok(Slot::concrete(value)),
            Err(error) => {
                self.node = Some(node);
                Err(self.function_error(function.name(), error))
            }
        }
    }

    /// Adds what a function is called with to an empty list.
    fn evaluate_arguments(
        &mut self,
        dot: &Slot,
        function: &Function,
        arguments: Arguments<'t>,
        last: Option<Slot>,
        slots: &mut Vec<Slot>,
    ) -> Result<(), Error> {
        for (position, argument) in arguments.iter().enumerate() {
            slots.push(self.evaluate_argument(dot, parameter(function, position), argument)?);
        }
        if let Some(last) = last {
            let wanted = parameter(function, slots.len());
            slots.push(self.fit(last, wanted)?);
        }
        Ok(())
    }

    /// Takes the steps of reading long texts; short ones are part of the call's own step.
    fn read_texts(&mut self, arguments: &[Slot]) -> Result<(), Error> {
        let length = |slot: &Slot| match &slot.value {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        let bytes: usize = arguments.iter().map(length).sum();
        self.execution.budget.read(bytes).map_err(|error| self.place(error))
    }

    fn check_count(&self, function: &Function, written: usize, has_last: bool) -> Result<(), Error> {
        let signature = function.signature();
        let (name, wanted) = (function.name(), signature.parameters.len());
        let count = written + usize::from(has_last);
        match signature.rest {
            Some(_) if count < wanted => {
                Err(self
                    .fail(format!("wrong number of args for {name}: want at least {wanted} got {written}")))
            }
            None if count != wanted => {
                Err(self.fail(format!("wrong number of args for {name}: want {wanted} got {count}")))
            }
            _ => Ok(()),
        }
    }

    /// `and` and `or`: the first argument that decides is the result, and those behind it are not evaluated.
    fn call_short_circuit(
        &mut self,
        dot: &Slot,
        decisive: bool,
        arguments: Arguments<'t>,
        last: Option<Slot>,
    ) -> Result<Slot, Error> {
        let mut value = Slot::concrete(Value::Nil);
        for argument in arguments {
            value = self.evaluate_argument(dot, Type::Reflect, argument)?;
            if value.value.is_true() == decisive {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn evaluate_argument(
        &mut self,
        dot: &Slot,
        wanted: Type,
        argument: &'t Expression,
    ) -> Result<Slot, Error> {
        self.node = Some(NodeRef::Expression(argument));
        match argument {
            Expression::Dot(_) => self.fit(dot.clone(), wanted),
            Expression::Nil(_) if wanted.can_be_nil() => Ok(nil_of(wanted)),
            Expression::Nil(_) => Err(self.fail(format!("cannot assign nil to {}", wanted.name()))),
            Expression::Field(..) | Expression::Variable(_) | Expression::Chain(_) => {
                let value = self.evaluate_operand(dot, Operand::plain(argument))?;
                self.fit(value, wanted)
            }
            Expression::Pipe(pipe) => {
                let value = self.evaluate_inner_pipe(dot, pipe)?;
                self.fit(value, wanted)
            }
            Expression::Identifier(identifier) => {
                let value = self.call(dot, &identifier.function, NodeRef::Expression(argument), &[], None)?;
                self.fit(value, wanted)
            }
            Expression::Bool(..) | Expression::Number(_) | Expression::String(_) => {
                self.typed_constant(argument, wanted)
            }
        }
    }

    /// The operand of a chain: it has no type to fit, and nothing stays nothing.
    fn evaluate_untyped(&mut self, dot: &Slot, operand: &'t Expression) -> Result<Slot, Error> {
        self.node = Some(NodeRef::Expression(operand));
        match operand {
            Expression::Pipe(pipe) => self.evaluate_inner_pipe(dot, pipe),
            Expression::Identifier(identifier) => {
                self.call(dot, &identifier.function, NodeRef::Expression(operand), &[], None)
            }
            Expression::Dot(_) => Ok(dot.clone()),
            _ => self.evaluate_operand(dot, Operand::plain(operand)),
        }
    }

    /// Checks that a value can be passed as a type, and takes it out of an interface where the type wants it.
    fn fit(&self, slot: Slot, wanted: Type) -> Result<Slot, Error> {
        if slot.is_invalid() {
            return if wanted.can_be_nil() {
                Ok(nil_of(wanted))
            } else {
                Err(self.fail(format!("invalid value; expected {}", wanted.name())))
            };
        }
        match wanted {
            Type::Any | Type::Reflect => Ok(slot),
            _ if wanted.accepts(&slot.value) => Ok(Slot::concrete(unnamed(slot.value, wanted))),
            _ => {
                let found = if slot.value.is_nil() { "interface {}".into() } else { slot.value.type_name() };
                Err(self.fail(format!("wrong type for value; expected {}; got {found}", wanted.name())))
            }
        }
    }

    /// A constant where nothing says what type it should have.
    fn constant(&mut self, constant: &'t Expression) -> Result<Slot, Error> {
        self.node = Some(NodeRef::Expression(constant));
        let value = match constant {
            Expression::Bool(_, value) => Value::Bool(*value),
            Expression::String(string) => Value::String(string.text.clone()),
            Expression::Number(number) => {
                ideal(number).ok_or_else(|| self.fail(format!("{} overflows int", number.text)))?
            }
            _ => {
                return Err(
                    self.fail(format!("can't evaluate command {}", quote(constant.to_string().as_bytes())))
                );
            }
        };
        Ok(Slot::concrete(value))
    }

    fn typed_constant(&mut self, constant: &'t Expression, wanted: Type) -> Result<Slot, Error> {
        let value = match (wanted, constant) {
            (Type::Any | Type::Reflect, _) => return self.constant(constant),
            (Type::Bool, Expression::Bool(_, value)) => Some(Value::Bool(*value)),
            (Type::String, Expression::String(string)) => Some(Value::String(string.text.clone())),
            (Type::Float, Expression::Number(number)) => number.float.map(Value::Float),
            (Type::Integer(kind), Expression::Number(number)) => integer_constant(number, kind),
            (Type::Object("time.Duration"), Expression::Number(number)) => number.signed.map(duration),
            _ => None,
        };
        value.map(Slot::concrete).ok_or_else(|| match expected(wanted) {
            Some(expected) => self.fail(format!("expected {expected}; found {constant}")),
            None => self.fail(format!("can't handle {constant} for arg of type {}", wanted.name())),
        })
    }
}

/// The method or field of a value.
fn member(value: &Value, name: &Text) -> Option<Member> {
    let find = |find: &dyn Fn(&str) -> Option<Member>| find(std::str::from_utf8(name).ok()?);
    match value {
        Value::Object(object) => find(&|name| object.member(name)),
        Value::Map(map) => match map.map_type() {
            MapType::Named(named) => find(&|name| (named.method)(map, name)),
            _ => None,
        },
        Value::List(list) => match list.element() {
            Element::Named(named) => find(&|name| (named.method)(list, name)),
            _ => None,
        },
        _ => None,
    }
}

/// What `call` calls: as it stands in the template, or the type of what a pipeline gave.
fn callee_name(arguments: &[Expression], callee: &Slot) -> String {
    arguments.first().map_or_else(|| format!("<{} Value>", callee.value.type_name()), ToString::to_string)
}

/// The type of the parameter at a position.
#[inline]
fn parameter(function: &Function, position: usize) -> Type {
    let signature = function.signature();
    signature.parameters.get(position).copied().or(signature.rest).unwrap_or(Type::Any)
}

/// A map or list of a named type is of the unnamed one where that is asked for.
fn unnamed(value: Value, wanted: Type) -> Value {
    match (wanted, value) {
        (Type::Map, Value::Map(map)) => Value::Map(map.as_type(MapType::Any)),
        (Type::StringMap, Value::Map(map)) => Value::Map(map.as_type(MapType::Strings)),
        (_, value) => value,
    }
}

/// What nil is when it is passed as a type.
fn nil_of(wanted: Type) -> Slot {
    match wanted {
        Type::Any => Slot::interface(Value::Nil),
        _ => Slot::concrete(Value::Nil),
    }
}

/// The zero value of the elements of a map.
fn zero_of(element: &str) -> Value {
    match element {
        "string" => Value::String(Text::default()),
        "[]uint8" => Value::Bytes(Bytes::new()),
        _ => Value::Nil,
    }
}

/// The value of a number by its form alone: complex, with a point or exponent, or an `int`; none if it is too large.
fn ideal(number: &Number) -> Option<Value> {
    let text = &*number.text;
    if let Some((real, imaginary)) = number.complex {
        return Some(Value::Complex(real, imaginary));
    }
    let is_character = text.first() == Some(&b'\'');
    let is_hexadecimal = text.len() > 2 && text[0] == b'0' && matches!(text[1], b'x' | b'X');
    let is_hexadecimal_integer = is_hexadecimal && !text.iter().any(|byte| matches!(byte, b'p' | b'P'));
    let looks_float = text.iter().any(|byte| b".eEpP".contains(byte));
    match number.float {
        Some(float) if looks_float && !is_character && !is_hexadecimal_integer => Some(Value::Float(float)),
        _ => number.signed.map(|signed| IntegerKind::Int.make(signed)).map(Value::Integer),
    }
}

fn integer_constant(number: &Number, kind: IntegerKind) -> Option<Value> {
    let integer =
        if kind.is_signed() { kind.make(number.signed?) } else { kind.make_unsigned(number.unsigned?) };
    Some(Value::Integer(integer))
}

/// What a constant that does not fit should have been.
fn expected(wanted: Type) -> Option<&'static str> {
    match wanted {
        Type::Bool => Some("bool"),
        Type::String => Some("string"),
        Type::Float => Some("float"),
        Type::Integer(kind) if kind.is_signed() => Some("integer"),
        Type::Object("time.Duration") => Some("integer"),
        Type::Integer(_) => Some("unsigned integer"),
        _ => None,
    }
}
