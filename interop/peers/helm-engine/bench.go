package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// measured is the account of one chart with one case's values, over all rounds.
type measured struct {
	Chart       string  `json:"chart"`
	Case        string  `json:"case"`
	OutputBytes int     `json:"output_bytes"`
	Error       *string `json:"error,omitempty"`
	// Means over the rounds, in nanoseconds, and the best round's CPU.
	LoadNS      int64 `json:"load_ns"`
	RenderNS    int64 `json:"render_ns"`
	LoadCPUNS   int64 `json:"load_cpu_ns"`
	RenderCPUNS int64 `json:"render_cpu_ns"`
	CPUNS       int64 `json:"cpu_ns"`
	BestCPUNS   int64 `json:"best_cpu_ns"`

	request request
}

// report is what `bench` prints.
type report struct {
	Helm   string      `json:"helm"`
	Rounds int         `json:"rounds"`
	Charts []*measured `json:"charts"`
	// CPUNS is the CPU of everything in all rounds; MaxRSS the process's peak.
	CPUNS  int64 `json:"cpu_ns"`
	WallNS int64 `json:"wall_ns"`
	MaxRSS int64 `json:"max_rss_bytes"`
}

// bench loads and renders each chart in each round, one after another in this process.
func bench(arguments []string, output io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 1, "how often each chart is loaded and rendered")
	cases := flags.String("cases", "", "directory of NAME-VERSION.json.gz files: case -> {values: text or null}")
	only := flags.String("case", "", "only the case of this name")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *rounds < 1 || flags.NArg() == 0 {
		return errors.New("usage: bench [--rounds N] [--cases DIR [--case NAME]] FILE...")
	}
	all := report{Helm: Version, Rounds: *rounds}
	for _, file := range flags.Args() {
		charts, err := casesOf(file, *cases, *only)
		if err != nil {
			return err
		}
		all.Charts = append(all.Charts, charts...)
	}
	start := now()
	for range *rounds {
		for _, one := range all.Charts {
			one.round()
		}
	}
	all.WallNS, all.CPUNS = now().since(start)
	for _, one := range all.Charts {
		one.average(int64(*rounds))
	}
	all.MaxRSS = peakMemory()
	encoder := json.NewEncoder(output)
	encoder.SetIndent("", " ")
	return encoder.Encode(all)
}

// casesOf gives a chart's cases, or its one case without values where no file tells of more.
func casesOf(file, directory, only string) ([]*measured, error) {
	cases := map[string]struct {
		Values *string `json:"values"`
	}{"default": {}}
	if directory != "" {
		name := strings.TrimSuffix(filepath.Base(file), ".tgz") + ".json.gz"
		err := readCompressed(filepath.Join(directory, name), &cases)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cases of %s: %w", file, err)
		}
	}
	found := []*measured{}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		if only != "" && name != only {
			continue
		}
		one := &measured{Chart: file, Case: name, request: request{Chart: file}}
		if values := cases[name].Values; values != nil {
			one.request.ValuesYAML = *values
		}
		found = append(found, one)
	}
	return found, nil
}

func readCompressed(path string, into any) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	return json.NewDecoder(text).Decode(into)
}

// round renders once and adds to the sums.
func (m *measured) round() {
	once := m.request
	result := once.answer()
	m.LoadNS += result.LoadNS
	m.RenderNS += result.RenderNS
	m.LoadCPUNS += result.loadCPU
	m.RenderCPUNS += result.renderCPU
	m.CPUNS += result.CPUNS
	if m.BestCPUNS == 0 || result.CPUNS < m.BestCPUNS {
		m.BestCPUNS = result.CPUNS
	}
	m.Error = result.Error
	m.OutputBytes = 0
	for _, text := range result.Manifest {
		m.OutputBytes += len(text)
	}
}

func (m *measured) average(rounds int64) {
	for _, sum := range []*int64{&m.LoadNS, &m.RenderNS, &m.LoadCPUNS, &m.RenderCPUNS, &m.CPUNS} {
		*sum /= rounds
	}
}
