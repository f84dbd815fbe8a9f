#!/usr/bin/env -S npx tsx
import { launch } from "./_launch.ts"

await launch("evaluate")
