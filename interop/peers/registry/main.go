// Command registry is CNCF distribution's registry with the storage and the login that the tests use: a folder, and a
// file of passwords. Its own program also brings the clients of three clouds, which take minutes to build.
//
//	registry serve config.yml
package main

import (
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}
