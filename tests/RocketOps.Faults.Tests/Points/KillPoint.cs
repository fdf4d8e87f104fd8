using RocketOps.Faults.Tests.Shims;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Faults.Tests.Points;

/// <summary>Ends a broker by SIGKILL inside of a call to its disk: <c>point.c</c> in its process, told by files.</summary>
internal sealed class KillPoint : IDisposable
{
    private static readonly string[] Moments = ["before", "half", "after"];

    private readonly TempDirectory _directory;

    private KillPoint(TempDirectory directory) => _directory = directory;

    /// <summary>For the broker's process.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["LD_PRELOAD"] = _directory.File("point.so"),
        ["ROCKETOPS_POINT"] = Trigger,
    };

    /// <summary>The broker has come to the place.</summary>
    public bool HasLanded => File.Exists(Landed);

    private string Trigger => _directory.File("point");

    private string Landed => _directory.File("point.now");

    /// <summary>Skips a test where the shim cannot be built, unless the ring must not be skipped.</summary>
    public static void SkipIfMissing()
    {
        string? missing = RingRules.Current.WhySkip(RingRules.Faults, Shim.WhyMissing("a death inside of a call to the disk"));
        Skip.If(missing is not null, missing);
    }

    public static async Task<KillPoint> BuildAsync()
    {
        TempDirectory directory = new("point-");
        await Shim.CompileAsync("Points", "point.c", directory.File("point.so"));
        return new KillPoint(directory);
    }

    /// <summary>The broker, or the next one that is started, dies at that place: at a call and a moment that are drawn.</summary>
    public async Task ArmAsync(KillPlace place)
    {
        int number = Random.Shared.Next(1, place.Most + 1);
        string moment = Moments[Random.Shared.Next(Moments.Length)];
        await File.WriteAllTextAsync(_directory.File("point.new"), $"{number} {moment} {place.Path} {place.Calls} {place.Since}");
        File.Move(_directory.File("point.new"), Trigger);
    }

    /// <summary>The call that the broker died at, and its file; makes room for the next one.</summary>
    public async Task<string> TakeAsync()
    {
        string landed = await File.ReadAllTextAsync(Landed);
        File.Delete(Landed);
        return landed;
    }

    public void Dispose() => _directory.Dispose();
}
