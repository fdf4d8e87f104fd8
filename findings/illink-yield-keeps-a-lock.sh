#!/usr/bin/env bash
# The trimmer of .NET 10 takes the release of a lock out of a finally block, when the async method also awaits Task.Yield().
#
# Version   Microsoft.NET.ILLink.Tasks 10.0.12 with the .NET SDK 10.0.4xx, PublishTrimmed, linux-x64.
# Expected  A trimmed program does what the program does: `lock` on a System.Threading.Lock releases it, in a finally block too.
# Seen      In
#             await Task.Yield();
#             try { await Task.Delay(1).ConfigureAwait(false); }
#             finally { lock (_gate) { _count++; } }
#           the compiler makes two nested finally blocks. YieldAwaiter.IsCompleted is a constant for the trimmer, so it rewrites the
#           method, and the inner block with Lock.Scope.Dispose() is gone afterwards; the call of EnterScope() stays. The lock is never
#           released: the next thread that wants it waits for ever. The build has no warning. The same program untrimmed, or without
#           the Task.Yield(), releases the lock.
# Way out   Put the lock into a method that the finally block calls.
#
# The program here asks whether the lock is free, so nothing hangs. Needs the .NET SDK and NuGet. Exit code 0 while the trimmer does
# this, 1 when that has changed.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > lock.csproj << 'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <ImplicitUsings>enable</ImplicitUsings>
    <TargetFramework>net10.0</TargetFramework>
    <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <PublishTrimmed>true</PublishTrimmed>
    <SelfContained>true</SelfContained>
    <InvariantGlobalization>true</InvariantGlobalization>
    <RestorePackagesWithLockFile>false</RestorePackagesWithLockFile>
  </PropertyGroup>
  <ItemGroup>
    <KnownILLinkPack Update="Microsoft.NET.ILLink.Tasks" ILLinkPackVersion="10.0.12" />
  </ItemGroup>
</Project>
PROJECT
cat > Program.cs << 'PROGRAM'
Counter counter = new();
await counter.WithYieldAsync();
Console.WriteLine($"with Task.Yield: {counter.Look()}");
counter = new();
await counter.WithoutYieldAsync();
Console.WriteLine($"without Task.Yield: {counter.Look()}");

internal sealed class Counter
{
    private readonly Lock _gate = new();
    private int _count;

    public async Task WithYieldAsync()
    {
        await Task.Yield();
        try
        {
            await Task.Delay(1).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _count++;
            }
        }
    }

    public async Task WithoutYieldAsync()
    {
        try
        {
            await Task.Delay(1).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _count++;
            }
        }
    }

    // From a thread of its own: a lock may be entered again by the thread that has it.
    public string Look()
    {
        string seen = "";
        Thread other = new(() => seen = _gate.TryEnter() ? "released" : "kept");
        other.Start();
        other.Join();
        return $"{seen} after {_count}";
    }
}
PROGRAM
dotnet publish lock.csproj -v q -nologo -c Release -o trimmed -nodeReuse:false > publish.log 2>&1 || { cat publish.log; exit 2; }
dotnet build lock.csproj -v q -nologo -c Release -p:PublishTrimmed=false -nodeReuse:false > build.log 2>&1 || { cat build.log; exit 2; }
trimmed="$(./trimmed/lock)"
untrimmed="$(./bin/Release/net10.0/linux-x64/lock)"
printf 'trimmed\n%s\nuntrimmed\n%s\n' "$trimmed" "$untrimmed"
[ "$trimmed" = $'with Task.Yield: kept after 1\nwithout Task.Yield: released after 1' ]
[ "$untrimmed" = $'with Task.Yield: released after 1\nwithout Task.Yield: released after 1' ]
