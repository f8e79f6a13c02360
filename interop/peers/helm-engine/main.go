// Command helm-engine renders charts with the real Helm's own packages, many in one process, so that tests and
// measurements can ask what Helm makes of a chart without a process (and a cluster) for each.
//
//	helm-engine serve                                     one JSON request per line in, one JSON answer per line out
//	helm-engine bench [--rounds N] [--cases DIR] FILE...  CPU time per chart and peak memory, as JSON
//	helm-engine version                                   the Helm it is built from
package main

import (
	"fmt"
	"os"

	"helm.sh/helm/v4/pkg/chart/common"
)

// Version is Helm's version, given by the linker.
var Version = "unknown"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "helm-engine:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	mode := ""
	if len(arguments) > 0 {
		mode, arguments = arguments[0], arguments[1:]
	}
	switch mode {
	case "serve":
		return serve(os.Stdin, os.Stdout)
	case "bench":
		return bench(arguments, os.Stdout)
	case "version":
		fmt.Println("helm", Version, "kubernetes", common.DefaultCapabilities.KubeVersion.Version)
		return nil
	default:
		return fmt.Errorf("unknown mode %q; the modes are serve, bench and version", mode)
	}
}
