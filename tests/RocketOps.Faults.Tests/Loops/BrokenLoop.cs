using RocketOps.Faults.Tests.Shims;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Loops;

/// <summary>Lets one event loop of a server fail, or never come back from its work: <c>loop.c</c> in its process, told by files.</summary>
internal sealed class BrokenLoop : IDisposable
{
    /// <summary>The loop's wait for events fails.</summary>
    public const string Fail = "fail";

    /// <summary>The loop does not come back from a receive.</summary>
    public const string Hold = "hold";

    private readonly TempDirectory _directory;

    private BrokenLoop(TempDirectory directory) => _directory = directory;

    /// <summary>For the server's process.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["LD_PRELOAD"] = _directory.File("loop.so"),
        ["ROCKETOPS_LOOP"] = Trigger,
        // The other driver has no loops.
        ["ROCKETOPS_TRANSPORT"] = "loop",
    };

    private string Trigger => _directory.File("loop");

    /// <summary>Why the shim cannot be built here, or null.</summary>
    public static string? WhyMissing() => Shim.WhyMissing("a loop that fails");

    public static async Task<BrokenLoop> BuildAsync()
    {
        TempDirectory directory = new("loop-");
        await Shim.CompileAsync("Loops", "loop.c", directory.File("loop.so"));
        return new BrokenLoop(directory);
    }

    /// <summary>Breaks a loop of the server that listens on <paramref name="address"/>; returns when one is broken.</summary>
    public async Task BreakAsync(string how, string address)
    {
        await File.WriteAllTextAsync(_directory.File("loop.new"), how);
        File.Move(_directory.File("loop.new"), Trigger);
        await Eventually.TrueAsync(
            async () =>
            {
                // A loop that has nothing to do cannot break; only until then, as one that accepts no more would leave these waiting.
                _ = await RawConnection.IsListeningAsync(address);
                return File.Exists(_directory.File("loop.now"));
            },
            $"a loop of {address} is told to {how}");
    }

    public void Dispose() => _directory.Dispose();
}
