using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Faults.Tests.Shims;

/// <summary>A library in C that changes what the system does for the process it is loaded into (<c>LD_PRELOAD</c>), compiled where the test runs.</summary>
internal static class Shim
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Why none can be compiled here, or null.</summary>
    /// <param name="plays">What it plays.</param>
    public static string? WhyMissing(string plays) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "cc")))
            ? null
            : $"there is no C compiler (cc): {plays} is played by a library that is compiled for it";

    /// <summary>Compiles a source of this project.</summary>
    public static async Task CompileAsync(string folder, string source, string library)
    {
        string path = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Faults.Tests", folder, source);
        (await ChildProcess.RunAsync("cc", ["-shared", "-fPIC", "-O2", "-Wall", "-o", library, path, "-ldl"], Patience)).EnsureSuccess();
    }
}
