//! The functions that Helm adds to Go's and sprig's.

use std::cell::RefCell;
use std::rc::Rc;

use chandlery_template::{
    Call, Error, ErrorKind, Functions, JsonStyle, List, Map, Text, Value, from_json_list, from_json_map,
    quote, to_json,
};

use super::compat::Compat;
use super::engine::{RenderOptions, without_no_value};
use super::{toml, trace, yaml};

/// What happened while templates were executed.
#[derive(Default)]
pub(super) struct Log {
    lookups: RefCell<Vec<[String; 4]>>,
    lint_messages: RefCell<Vec<String>>,
}

impl Log {
    /// The objects looked up, and what `required` and `fail` said in lint mode.
    pub(super) fn take(&self) -> (Vec<[String; 4]>, Vec<String>) {
        (self.lookups.take(), self.lint_messages.take())
    }
}

/// How often a template may be inside itself by `include`.
const DEEPEST_INCLUDE: usize = 1000;

thread_local! {
    /// The functions that are the same in every render.
    static COMMON: Functions = common();
}

/// All functions that templates of a chart can call.
pub(super) fn table(options: &RenderOptions, log: &Rc<Log>) -> Functions {
    let mut functions = COMMON.with(Clone::clone);
    if options.compat == Compat::Helm3 {
        functions.remove("mustToYaml");
        functions.remove("mustToToml");
    }
    if options.compat == Compat::Helm43 {
        functions.add_durations();
    }
    add_include(&mut functions);
    add_required(&mut functions, options.lint, log);
    add_lookup(&mut functions, options, log);
    functions
}

fn common() -> Functions {
    let mut functions = Functions::go();
    functions.extend(Functions::sprig());
    functions.remove("env");
    functions.remove("expandenv");
    functions.add("tpl", |call: &mut Call<'_>, text: Text, data: Value| execute_text(call, &text, data));
    functions
        .add("toYaml", |call: &mut Call<'_>, value: Value| written(yaml::to_yaml(&value, call.budget())));
    functions.add("mustToYaml", |call: &mut Call<'_>, value: Value| {
        yaml::to_yaml(&value, call.budget()).map(|text| without_final_break(&text))
    });
    functions.add("toYamlPretty", |call: &mut Call<'_>, value: Value| {
        written(yaml::to_yaml_pretty(&value, call.budget()))
    });
    functions.add("fromYaml", |call: &mut Call<'_>, text: Text| {
        claim_for_reading(call, &text)?;
        Ok::<_, Error>(or_error_key(yaml::from_yaml_map(&text)))
    });
    functions.add("fromYamlArray", |call: &mut Call<'_>, text: Text| {
        claim_for_reading(call, &text)?;
        Ok::<_, Error>(or_error_item(yaml::from_yaml_list(&text)))
    });
    functions.add("toJson", |call: &mut Call<'_>, value: Value| match json(call, &value) {
        Err(error) if error.kind() != ErrorKind::Limit => Ok(String::new()),
        result => result,
    });
    functions.add("mustToJson", |call: &mut Call<'_>, value: Value| json(call, &value));
    functions.add("fromJson", |call: &mut Call<'_>, text: Text| {
        claim_for_reading(call, &text)?;
        Ok::<_, Error>(or_error_key(from_json_map(&text).map_err(|error| error.to_string())))
    });
    functions.add("fromJsonArray", |call: &mut Call<'_>, text: Text| {
        claim_for_reading(call, &text)?;
        Ok::<_, Error>(or_error_item(from_json_list(&text).map_err(|error| error.to_string())))
    });
    functions.add("toToml", |call: &mut Call<'_>, value: Value| match toml::to_toml(&value, call.budget()) {
        // Without a value Helm fails here, too.
        Err(error) if error.kind() != ErrorKind::Limit && !value.is_nil() => {
            Ok(Text::from(error.to_string()))
        }
        result => result,
    });
    functions.add("mustToToml", |call: &mut Call<'_>, value: Value| toml::to_toml(&value, call.budget()));
    functions.add("fromToml", |call: &mut Call<'_>, text: Text| {
        claim_for_reading(call, &text)?;
        Ok::<_, Error>(or_error_key(toml::from_toml(&text, call.budget())?))
    });
    functions.add_varying("getHostByName", |_: Text| "");
    functions
}

/// What a serialiser wrote, without the final line break; nothing if it could not, unless a limit was reached.
fn written(result: Result<Text, Error>) -> Result<Text, Error> {
    match result {
        Ok(text) => Ok(without_final_break(&text)),
        Err(error) if error.kind() == ErrorKind::Limit => Err(error),
        Err(_) => Ok(Text::default()),
    }
}

fn without_final_break(text: &Text) -> Text {
    text.strip_suffix(b"\n").map_or_else(|| text.clone(), Text::from)
}

/// A parsed text takes a multiple of its length: most where it opens maps and lists.
fn claim_for_reading(call: &Call<'_>, text: &Text) -> Result<(), Error> {
    let bytes: usize = text.iter().map(|byte| bytes_of_node(*byte)).sum();
    call.budget().spend(text.len() as u64)?;
    call.budget().claim_many(bytes)
}

/// The memory that what a character begins may take, at most.
fn bytes_of_node(character: u8) -> usize {
    match character {
        b'{' => 400,
        b':' => 128,
        b'[' | b'-' | b',' => 96,
        _ => 4,
    }
}

fn or_error_key(result: Result<Map, String>) -> Map {
    result.unwrap_or_else(|error| Map::from_iter([(Text::from("Error"), Value::from(error))]))
}

fn or_error_item(result: Result<List, String>) -> List {
    result.unwrap_or_else(|error| List::new(vec![Value::from(error)]))
}

fn json(call: &Call<'_>, value: &Value) -> Result<String, Error> {
    to_json(value, JsonStyle::default(), call.budget())
}

fn execute_text(call: &mut Call<'_>, text: &Text, data: Value) -> Result<Text, Error> {
    let quoted = || quote(text);
    match call.execute_text(text, data) {
        Ok(result) => Ok(without_no_value(&result).map_or(result, Text::from)),
        Err(error) if error.kind() == ErrorKind::Limit => Err(error),
        Err(error) if error.kind() == ErrorKind::Parse => {
            Err(Error::caused(format!("cannot parse template {}", quoted()), error))
        }
        Err(error) => {
            Err(Error::caused(format!("error during tpl function execution for {}", quoted()), error))
        }
    }
}

fn add_include(functions: &mut Functions) {
    let running: RefCell<Vec<Text>> = RefCell::default();
    functions.add("include", move |call: &mut Call<'_>, name: Text, data: Value| {
        if is_too_deep(call, &running.borrow(), &name)? {
            let cause = Error::message("unable to execute template");
            return Err(Error::caused(
                format!("rendering template has a nested reference name: {name}"),
                cause,
            ));
        }
        running.borrow_mut().push(name.clone());
        let result = call.execute(&name, data);
        running.borrow_mut().pop();
        result
    });
}

/// Is a template inside itself too often? So few templates are ever inside one another that none needs a count.
fn is_too_deep(call: &Call<'_>, running: &[Text], name: &Text) -> Result<bool, Error> {
    if running.len() <= DEEPEST_INCLUDE {
        return Ok(false);
    }
    call.budget().read(running.len())?;
    Ok(running.iter().filter(|other| *other == name).count() > DEEPEST_INCLUDE)
}

fn add_required(functions: &mut Functions, lint: bool, log: &Rc<Log>) {
    let refuse = {
        let log = Rc::clone(log);
        move |message: &Text| {
            if lint {
                log.lint_messages.borrow_mut().push(message.to_string());
                return Ok(Value::from(""));
            }
            Err(Error::message(trace::mark(&message.to_str_lossy())))
        }
    };
    let refuse = Rc::new(refuse);
    let fail = Rc::clone(&refuse);
    functions.add("required", move |message: Text, value: Value| match &value {
        Value::Nil => refuse(&message),
        Value::String(text) if text.is_empty() => refuse(&message),
        _ => Ok(value),
    });
    functions.add("fail", move |message: Text| fail(&message));
}

fn add_lookup(functions: &mut Functions, options: &RenderOptions, log: &Rc<Log>) {
    let lookup = options.lookup.clone().filter(|_| !options.lint);
    let log = Rc::clone(log);
    functions.add_varying("lookup", move |api_version: Text, kind: Text, namespace: Text, name: Text| {
        let wanted = [api_version, kind, namespace, name].map(|text| text.to_string());
        let [api_version, kind, namespace, name] = &wanted;
        let found = match &lookup {
            Some(lookup) => {
                lookup(api_version, kind, namespace, name).map(|object| Value::from_decoded(&object))
            }
            None => Ok(Map::new().into()),
        };
        log.lookups.borrow_mut().push(wanted);
        found.map_err(Error::message)
    });
}
