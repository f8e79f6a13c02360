package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/strvals"
)

const (
	base64Prefix     = "base64:"
	chartYAML        = "apiVersion: v2\nname: t\nversion: 0.1.0\n"
	templateFile     = "templates/x.txt"
	templateManifest = "t/" + templateFile
)

// request is one line of `serve`: a chart (by path, by its files, or as one template), the user's values and options.
type request struct {
	// ID is handed back with the answer.
	ID json.RawMessage `json:"id,omitempty"`

	// Chart is the path of a chart's directory or archive.
	Chart string `json:"chart,omitempty"`
	// Files are a chart's files by path; `base64:` before binary ones. Without a Chart.yaml the chart is `t` 0.1.0.
	Files map[string]string `json:"files,omitempty"`
	// AsDirectory loads Files from a directory, where .helmignore and its built-in rule hold.
	AsDirectory bool `json:"as_directory,omitempty"`
	// Template is the text of templates/x.txt, added to Files; release and namespace are then `rel` and `ns`.
	Template *string `json:"template,omitempty"`
	// ToYAML and ToYAMLPretty are values to print with the function of that name.
	ToYAML       json.RawMessage `json:"to_yaml,omitempty"`
	ToYAMLPretty json.RawMessage `json:"to_yaml_pretty,omitempty"`
	// Strvals is one --set text of the kind StrvalsKind (set, set-string, set-json, set-literal) to parse alone.
	Strvals     *string `json:"strvals,omitempty"`
	StrvalsKind string  `json:"strvals_kind,omitempty"`

	// The user's values, applied in this order.
	ValuesYAML string         `json:"values_yaml,omitempty"`
	Values     map[string]any `json:"values,omitempty"`
	SetJSON    []string       `json:"set_json,omitempty"`
	Set        []string       `json:"set,omitempty"`
	SetString  []string       `json:"set_string,omitempty"`
	SetLiteral []string       `json:"set_literal,omitempty"`

	Release     string   `json:"release,omitempty"`
	Namespace   string   `json:"namespace,omitempty"`
	KubeVersion string   `json:"kube_version,omitempty"`
	APIVersions []string `json:"api_versions,omitempty"`
	Upgrade     bool     `json:"upgrade,omitempty"`
	Revision    int      `json:"revision,omitempty"`
	// Strict makes a missing key an error; SkipSchema leaves values.schema.json alone.
	Strict     bool `json:"strict,omitempty"`
	SkipSchema bool `json:"skip_schema,omitempty"`
	// Show is `values` for the coalesced values in place of the manifests.
	Show string `json:"show,omitempty"`
}

// expand turns the short forms into a chart of files, and fills the defaults in.
func (r *request) expand() {
	release, namespace := "demo", "shop"
	for function, value := range map[string]json.RawMessage{"toYaml": r.ToYAML, "toYamlPretty": r.ToYAMLPretty} {
		if value == nil {
			continue
		}
		text := "{{ fromJson .Values.json | dig \"v\" nil | " + function + " }}"
		r.Template = &text
		r.Values = map[string]any{"json": `{"v":` + string(value) + `}`}
	}
	if r.Template != nil {
		release, namespace = "rel", "ns"
		files := maps.Clone(r.Files)
		if files == nil {
			files = map[string]string{}
		}
		files[templateFile] = *r.Template
		r.Files = files
	}
	if r.Release == "" {
		r.Release = release
	}
	if r.Namespace == "" {
		r.Namespace = namespace
	}
	if r.Revision == 0 {
		r.Revision = 1
	}
}

// load reads the chart afresh: Helm changes a chart while it renders.
func (r *request) load() (*chart.Chart, error) {
	if r.Chart != "" {
		return loader.Load(r.Chart)
	}
	if len(r.Files) == 0 {
		return nil, errors.New("request: give one of chart, files, template, to_yaml, to_yaml_pretty and strvals")
	}
	files := []*archive.BufferedFile{}
	if _, given := r.Files["Chart.yaml"]; !given {
		files = append(files, &archive.BufferedFile{Name: "Chart.yaml", Data: []byte(chartYAML)})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		data := []byte(r.Files[name])
		if encoded, binary := strings.CutPrefix(r.Files[name], base64Prefix); binary {
			decoded, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return nil, fmt.Errorf("request: file %q: %w", name, err)
			}
			data = decoded
		}
		files = append(files, &archive.BufferedFile{Name: name, Data: data})
	}
	if r.AsDirectory {
		return loadAsDirectory(files)
	}
	return loader.LoadFiles(files)
}

// loadAsDirectory writes the files to a directory of their own and loads that.
func loadAsDirectory(files []*archive.BufferedFile) (*chart.Chart, error) {
	directory, err := os.MkdirTemp("", "helm-engine-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, file := range files {
		if err := root.MkdirAll(filepath.Dir(file.Name), 0o755); err != nil {
			return nil, err
		}
		if err := root.WriteFile(file.Name, file.Data, 0o644); err != nil {
			return nil, err
		}
	}
	return loader.LoadDir(directory)
}

// userValues merges the values of the request in the order of Helm's command line.
func (r *request) userValues() (map[string]any, error) {
	values, err := loader.LoadValues(bytes.NewReader([]byte(r.ValuesYAML)))
	if err != nil {
		return nil, err
	}
	values = loader.MergeMaps(values, r.Values)
	for _, text := range r.SetJSON {
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			whole := map[string]any{}
			if err := json.Unmarshal([]byte(text), &whole); err != nil {
				return nil, fmt.Errorf("failed parsing --set-json data JSON: %s", text)
			}
			values = loader.MergeMaps(values, whole)
		} else if err := strvals.ParseJSON(text, values); err != nil {
			return nil, fmt.Errorf("failed parsing --set-json data %s", text)
		}
	}
	for _, flag := range []struct {
		name  string
		texts []string
	}{{"set", r.Set}, {"set-string", r.SetString}, {"set-literal", r.SetLiteral}} {
		for _, text := range flag.texts {
			if err := setParsers[flag.name](text, values); err != nil {
				return nil, fmt.Errorf("failed parsing --%s data: %w", flag.name, err)
			}
		}
	}
	return values, nil
}

// setParsers are the parsers of the --set flags by the flag's name.
var setParsers = map[string]func(text string, into map[string]any) error{
	"set":         strvals.ParseInto,
	"set-string":  strvals.ParseIntoString,
	"set-json":    strvals.ParseJSON,
	"set-literal": strvals.ParseLiteralInto,
}

// parseStrvals parses one text of a --set flag alone.
func (r *request) parseStrvals() (map[string]any, error) {
	kind := r.StrvalsKind
	if kind == "" {
		kind = "set"
	}
	parse, known := setParsers[kind]
	if !known {
		return nil, fmt.Errorf("request: strvals_kind %q is none of set, set-string, set-json, set-literal", kind)
	}
	values := map[string]any{}
	err := parse(*r.Strvals, values)
	return values, err
}

// capabilities are Helm's defaults without a cluster, with the request's versions.
func (r *request) capabilities() (*common.Capabilities, error) {
	capabilities := common.DefaultCapabilities.Copy()
	if r.KubeVersion != "" {
		version, err := common.ParseKubeVersion(r.KubeVersion)
		if err != nil {
			return nil, fmt.Errorf("invalid kube version %q: %w", r.KubeVersion, err)
		}
		capabilities.KubeVersion = *version
	}
	capabilities.APIVersions = slices.Concat(capabilities.APIVersions, r.APIVersions)
	return capabilities, nil
}

// renderValues prepares the top object for a loaded chart: dependencies, coalesced values, schema.
func (r *request) renderValues(loaded *chart.Chart) (common.Values, error) {
	values, err := r.userValues()
	if err != nil {
		return nil, err
	}
	capabilities, err := r.capabilities()
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(loaded, values); err != nil {
		return nil, err
	}
	options := common.ReleaseOptions{
		Name: r.Release, Namespace: r.Namespace, Revision: r.Revision, IsInstall: !r.Upgrade, IsUpgrade: r.Upgrade,
	}
	return commonutil.ToRenderValuesWithSchemaValidation(loaded, values, options, capabilities, r.SkipSchema)
}

// render gives the manifests by template path, as the engine makes them.
func (r *request) render(loaded *chart.Chart, values common.Values) (map[string]string, error) {
	return engine.Engine{Strict: r.Strict}.Render(loaded, values)
}
