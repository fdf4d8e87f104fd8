using RocketOps.Faults.Tests.Shims;
using RocketOps.Testing;

namespace RocketOps.Faults.Tests.Hangs;

/// <summary>Lets one call of a broker to its disk hang for as long as a test wants: <c>hang.c</c> in its process, told by files.</summary>
internal sealed class HangingDisk : IDisposable
{
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
    public static string? WhyMissing() => Shim.WhyMissing("a hanging disk");

    public static async Task<HangingDisk> BuildAsync()
    {
        TempDirectory directory = new("hang-");
        await Shim.CompileAsync("Hangs", "hang.c", directory.File("hang.so"));
        return new HangingDisk(directory);
    }

    /// <summary>The next call hangs; returns while one does. Calls must be coming.</summary>
    /// <param name="what"><c>write</c> or <c>flush</c> of a file of the commit log, or <c>make</c>, of the next one.</param>
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
