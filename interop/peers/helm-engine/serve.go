package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"unicode/utf8"
)

// answer is one line out. Error stands when it did not render.
type answer struct {
	ID json.RawMessage `json:"id,omitempty"`
	// Manifest is the text of each template by path; text that is not UTF-8 in base64 after `base64:`.
	Manifest map[string]string `json:"manifest,omitempty"`
	// Text is the one template's text, for a request with template, to_yaml or to_yaml_pretty.
	Text *string `json:"text,omitempty"`
	// Values are the values asked for by show or strvals.
	Values map[string]any `json:"values,omitempty"`
	Error  *string        `json:"error,omitempty"`
	// Log is what Helm logged: its warnings about values, mostly.
	Log []string `json:"log,omitempty"`

	LoadNS    int64 `json:"load_ns"`
	RenderNS  int64 `json:"render_ns"`
	CPUNS     int64 `json:"cpu_ns"`
	MaxRSS    int64 `json:"max_rss_bytes"`
	loadCPU   int64
	renderCPU int64
}

// serve answers requests until the input ends.
func serve(input io.Reader, output io.Writer) error {
	lines := bufio.NewReaderSize(input, 1<<20)
	writer := bufio.NewWriterSize(output, 1<<20)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := encoder.Encode(answerLine(line)); err != nil {
				return err
			}
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func answerLine(line []byte) *answer {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		text := "request: " + err.Error()
		return &answer{Error: &text}
	}
	return asked.answer()
}

// answer does what the request asks; neither an error nor a panic of Helm ends the process.
func (r *request) answer() *answer {
	var logged strings.Builder
	log.SetFlags(0)
	log.SetOutput(&logged)
	result := &answer{ID: r.ID}
	if err := r.fill(result); err != nil {
		text := safeText(err.Error())
		*result = answer{
			ID: r.ID, Error: &text, LoadNS: result.LoadNS, RenderNS: result.RenderNS, CPUNS: result.CPUNS,
			loadCPU: result.loadCPU, renderCPU: result.renderCPU,
		}
	}
	if logged.Len() > 0 {
		result.Log = strings.Split(strings.TrimSpace(logged.String()), "\n")
	}
	result.MaxRSS = peakMemory()
	return result
}

func (r *request) fill(result *answer) (err error) {
	start := now()
	loaded := start
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("panic: %v", failure)
		}
		end := now()
		if loaded == start {
			loaded = end
		}
		result.LoadNS, result.loadCPU = loaded.since(start)
		result.RenderNS, result.renderCPU = end.since(loaded)
		result.CPUNS = result.loadCPU + result.renderCPU
	}()

	if r.Strvals != nil {
		result.Values, err = r.parseStrvals()
		return err
	}
	r.expand()
	chart, err := r.load()
	loaded = now()
	if err != nil {
		return err
	}
	values, err := r.renderValues(chart)
	if err != nil {
		return err
	}
	if r.Show == "values" {
		table, err := values.Table("Values")
		result.Values = table
		return err
	}
	manifest, err := r.render(chart, values)
	if err != nil {
		return err
	}
	for path, text := range manifest {
		manifest[path] = safeText(text)
	}
	if text, rendered := manifest[templateManifest]; r.Template != nil && rendered {
		result.Text = &text
	}
	result.Manifest = manifest
	return nil
}

// safeText is the text as JSON can carry it.
func safeText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return base64Prefix + base64.StdEncoding.EncodeToString([]byte(text))
}
