using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Store.Tests.Support;

/// <summary>A store written by one of Apache's brokers, unpacked into a directory of its own, and the list of what it holds.</summary>
internal sealed class ApacheStore : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _folder;

    private ApacheStore(string folder)
    {
        _folder = folder;
        using GZipStream packed = new(File.OpenRead(Path.Combine(folder, "store.tar.gz")), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(packed, _directory.Path, overwriteFiles: false);
        Expected = ReadLines("expected.jsonl.gz");
        Acked = File.Exists(Path.Combine(folder, "acked.jsonl.gz")) ? ReadLines("acked.jsonl.gz") : [];
    }

    public string Root => _directory.File("store");

    public IReadOnlyList<JsonElement> Expected { get; }

    /// <summary>What clients were told, for stores of killed brokers.</summary>
    public IReadOnlyList<JsonElement> Acked { get; }

    /// <summary>Unpacks the store of that name; skips the test when the kit is not there, fails it on CI.</summary>
    public static ApacheStore Open(string name)
    {
        string folder = Path.Combine(SharedKits.Stores, name);
        string? reason = RingRules.Current.WhySkip(ring: null, SharedKits.WhyMissing(folder));
        Skip.If(reason is not null, reason);
        return new ApacheStore(folder);
    }

    /// <summary>File sizes from the broker.conf beside the store.</summary>
    public StoreOptions Options()
    {
        Dictionary<string, string> conf = File.ReadAllLines(Path.Combine(_folder, "broker.conf"))
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return new StoreOptions
        {
            RootDirectory = Root,
            CommitLogFileBytes = int.Parse(conf["mappedFileSizeCommitLog"]),
            ConsumeQueueFileBytes = int.Parse(conf["mappedFileSizeConsumeQueue"]),
            IndexSlots = int.Parse(conf["maxHashSlotNum"]),
            IndexEntries = int.Parse(conf["maxIndexNum"]),
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
        };
    }

    public IEnumerable<JsonElement> Lines(string kind) => Expected.Where(line => line.GetProperty("kind").GetString() == kind);

    public void Dispose() => _directory.Dispose();

    private List<JsonElement> ReadLines(string name)
    {
        using StreamReader reader = new(new GZipStream(File.OpenRead(Path.Combine(_folder, name)), CompressionMode.Decompress));
        List<JsonElement> lines = [];
        while (reader.ReadLine() is { } line)
        {
            lines.Add(JsonSerializer.Deserialize<JsonElement>(line));
        }

        return lines;
    }
}
