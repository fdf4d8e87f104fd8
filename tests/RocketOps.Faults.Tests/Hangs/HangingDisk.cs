using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Faults.Tests.Hangs;

/// <summary>Lets one call of a broker to its disk hang for as long as a test wants: <c>hang.c</c> in its process, told by files.</summary>
internal sealed class HangingDisk : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TempDirectory _directory;

    private HangingDisk(TempDirectory directory) => _directory = directory;

    /// <summary>For the broker's process.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["LD_PRELOAD"] = _directory.File("hang.so"),
        ["ROCKETOPS_HANG"] = Trigger,
    };

    public bool IsHanging => File.Exists(Hanging);

    private string Trigger => _directory.File("hang");

    private string Hanging => _directory.File("hang.now");

    /// <summary>Why the shim cannot be built here, or null.</summary>
    public static string? WhyMissing() =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "cc")))
            ? null
            : "there is no C compiler (cc): a hanging disk is played by a library that is compiled for it";

    public static async Task<HangingDisk> BuildAsync()
    {
        TempDirectory directory = new("hang-");
        string source = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Faults.Tests", "Hangs", "hang.c");
        (await ChildProcess.RunAsync("cc", ["-shared", "-fPIC", "-O2", "-Wall", "-o", directory.File("hang.so"), source, "-ldl"], Patience)).EnsureSuccess();
        return new HangingDisk(directory);
    }

    /// <summary>The next call hangs; returns while one does. Calls must be coming.</summary>
    /// <param name="what"><c>write</c> or <c>flush</c>, of a file of the commit log.</param>
    public async Task BeginAsync(string what)
    {
        await File.WriteAllTextAsync(_directory.File("hang.new"), what);
        File.Move(_directory.File("hang.new"), Trigger);
        await Eventually.TrueAsync(() => IsHanging, $"a {what} of the commit log hangs");
    }

    /// <summary>The call goes on, and is made.</summary>
    public void End() => File.Delete(Hanging);

    public void Dispose() => _directory.Dispose();
}
