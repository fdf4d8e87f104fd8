using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Support;

/// <summary>A store written by one of Apache's brokers, unpacked into a directory of its own, and the list of what it holds.</summary>
internal sealed class ApacheStore : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _folder;

    private ApacheStore(string folder)
    {
        _folder = folder;
        using var packed = new GZipStream(File.OpenRead(Path.Combine(folder, "store.tar.gz")), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(packed, _directory.Path, overwriteFiles: false);
        Expected = ReadLines("expected.jsonl.gz");
        Acked = File.Exists(Path.Combine(folder, "acked.jsonl.gz")) ? ReadLines("acked.jsonl.gz") : [];
    }

    public string Root => _directory.File("store");

    public IReadOnlyList<JsonElement> Expected { get; }

    /// <summary>What clients were told, for stores of killed brokers.</summary>
    public IReadOnlyList<JsonElement> Acked { get; }

    /// <summary>Unpacks the store of that name; skips the test when the kit is not there.</summary>
    public static ApacheStore Open(string name)
    {
        var folder = Path.Combine(SharedKits.Stores, name);
        Skip.If(SharedKits.WhyMissing(folder) is not null, SharedKits.WhyMissing(folder));
        return new ApacheStore(folder);
    }

    /// <summary>File sizes from the broker.conf beside the store.</summary>
    public StoreOptions Options()
    {
        var conf = File.ReadAllLines(Path.Combine(_folder, "broker.conf"))
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
            DiskWarningRatio = 100,
            DiskMaxUsedRatio = 100,
            DiskCleanForciblyRatio = 100,
            DeleteHours = [],
        };
    }

    public IEnumerable<JsonElement> Lines(string kind) => Expected.Where(line => line.GetProperty("kind").GetString() == kind);

    public void Dispose() => _directory.Dispose();

    private List<JsonElement> ReadLines(string name)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(_folder, name)), CompressionMode.Decompress));
        List<JsonElement> lines = [];
        while (reader.ReadLine() is { } line)
        {
            lines.Add(JsonSerializer.Deserialize<JsonElement>(line));
        }

        return lines;
    }
}
