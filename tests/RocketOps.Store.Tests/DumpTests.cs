using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

public sealed class DumpTests
{
    [SkippableTheory]
    [InlineData("4.9.7-clean")]
    [InlineData("4.9.7-killed")]
    [InlineData("4.9.7-pair/master")]
    [InlineData("4.9.7-pair/slave")]
    [InlineData("5.5.0-clean")]
    [InlineData("5.5.0-killed")]
    public void Dump_StoreOfApache_SaysWhatApachesToolSays(string name)
    {
        using ApacheStore apache = ApacheStore.Open(name);
        using MemoryStream output = new();

        StoreDumper.Dump(new LinuxFileSystem(), apache.Root, output, withUnits: true, CancellationToken.None);

        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<string> actual = lines.Select(line => Normalize(JsonNode.Parse(line)!)).ToList();
        string[] kinds = ["message", "blank", "tail", "queue", "batchQueue", "index", "checkpoint", "offsets", "abort"];
        List<string> expected = apache.Expected.Where(line => kinds.Contains(line.GetProperty("kind").GetString())).Select(line => Normalize(JsonNode.Parse(line.GetRawText())!)).ToList();
        foreach (string kind in kinds)
        {
            // Queues and files in the order of their names, which the two tools sort differently.
            List<string> ours = actual.Where(line => line.Contains($"\"kind\":\"{kind}\"", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            List<string> theirs = expected.Where(line => line.Contains($"\"kind\":\"{kind}\"", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            ours.Should().Equal(theirs, kind);
        }
    }

    [SkippableTheory]
    [InlineData("4.9.7-clean", 0)]
    [InlineData("4.9.7-pair/master", 0)]
    [InlineData("4.9.7-pair/slave", 0)]
    [InlineData("5.5.0-clean", 0)]
    public void Verify_CleanStoreOfApache_FindsNothing(string name, int damages)
    {
        using ApacheStore apache = ApacheStore.Open(name);
        List<StoreFinding> findings = [];

        VerifyResult result = new StoreVerifier(new LinuxFileSystem(), apache.Root, apache.Options().IndexSlots, findings.Add).Run(CancellationToken.None);

        findings.Where(finding => finding.Kind == StoreFindingKind.Damage).Should().HaveCount(damages);
        result.Messages.Should().Be(apache.Lines("message").Count());
        result.IndexEntries.Should().Be(apache.Lines("index").Sum(line => line.GetProperty("indexCount").GetInt32() - 1));
    }

    [Theory]
    [InlineData("/store/commitlog/00000000000000000000", 100, "damaged: BadCrc")]
    [InlineData("/store/commitlog/00000000000000000000", 30, "damaged: WrongOffset")]
    [InlineData("/store/consumequeue/T/0/00000000000000000000", 47, "where no record of")]
    [InlineData("/store/consumequeue/T/0/00000000000000000000", 59, "tags code")]
    [InlineData("/store/index/20260102120000000", 279, "in its chain")]
    public async Task Verify_ADamagedByte_IsNamed(string path, long offset, string expected)
    {
        MemoryFileSystem files = new();
        StoreOptions options = SmallStore.Options("/store");
        await using (MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 40; i++)
            {
                store.Append("T", 0, $"a body of some length {i}", $"UNIQ_KEY\u0001u{i}");
            }

            store.Writer.WritePending();
        }

        files.Damage(path, offset, 0x01);
        List<StoreFinding> findings = [];
        new StoreVerifier(files, "/store", options.IndexSlots, findings.Add).Run(CancellationToken.None);

        findings.Should().Contain(finding => finding.Kind == StoreFindingKind.Damage && finding.What.Contains(expected, StringComparison.Ordinal), string.Join('\n', findings));
    }

    [Theory]
    [InlineData(null, 1, 0)]
    [InlineData(50, 0, 40)]
    public async Task Verify_IndexOfASizeOfItsOwn_IsUncheckedUntilItsSlotsAreKnown(int? slots, int uncheckedFiles, long entries)
    {
        (List<StoreFinding> findings, VerifyResult result) = await VerifyAsync(SmallStore.Options("/store"), slots);

        (result.Damages, result.Repairable, result.Unchecked, result.IndexEntries).Should().Be((0, 0, uncheckedFiles, entries));
        findings.Select(static finding => (finding.Kind, finding.Where.Split(' ')[0], finding.What.EndsWith("Give maxHashSlotNum as --index-slots", StringComparison.Ordinal)))
            .Should().Equal(Enumerable.Repeat((StoreFindingKind.Unchecked, "index", true), uncheckedFiles));
    }

    /// <summary>As a broker chooses them for a small volume.</summary>
    [Fact]
    public async Task Verify_IndexInProportionToTheLog_IsChecked()
    {
        StoreLayout layout = StoreLayout.ForVolume(512 * 1024);
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            CommitLogFileBytes = layout.CommitLogFileBytes,
            ConsumeQueueFileBytes = layout.ConsumeQueueFileBytes,
            IndexSlots = layout.IndexSlots,
            IndexEntries = layout.IndexEntries,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 256 * 1024,
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
        };

        (List<StoreFinding> findings, VerifyResult result) = await VerifyAsync(options, slots: null);

        findings.Should().BeEmpty();
        result.IndexEntries.Should().Be(40);
    }

    [Fact]
    public void ConfigFile_CrashAtEveryCall_OneOfTheTwoIsComplete()
    {
        int calls = Rewrite(new MemoryFileSystem());
        for (int call = 1; call <= calls; call++)
        {
            for (int seed = 0; seed < 8; seed++)
            {
                MemoryFileSystem files = new() { CrashAtCall = call };
                int done = Rewrite(files);
                ConfigFile file = new(files.AfterPowerCut(new Random(seed)), "/store/config/topics.json");

                byte[]? content = file.Read(bytes => bytes[^1] == (byte)'}');

                string?[] allowed = done < 0 ? new[] { null, "{0}", "{1}", "{2}", "{3}" } : ["{3}"];
                allowed.Should().Contain(content is null ? null : Encoding.UTF8.GetString(content));
                if (content is null)
                {
                    call.Should().BeLessThan(8, "only before the first write had returned may there be nothing");
                }
            }
        }
    }

    private static async Task<(List<StoreFinding> Findings, VerifyResult Result)> VerifyAsync(StoreOptions options, int? slots)
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 40; i++)
            {
                store.Append("T", 0, "a body", $"UNIQ_KEY\u0001u{i}");
            }

            store.Writer.WritePending();
        }

        List<StoreFinding> findings = [];
        return (findings, new StoreVerifier(files, "/store", slots, findings.Add).Run(CancellationToken.None));
    }

    private static int Rewrite(MemoryFileSystem files)
    {
        try
        {
            ConfigFile file = new(files, "/store/config/topics.json");
            for (int i = 0; i < 4; i++)
            {
                byte[] content = Encoding.UTF8.GetBytes($"{{{i}}}");
                file.Write(output => output.Write(content));
            }

            return files.Calls;
        }
        catch (SimulatedCrashException)
        {
            return -1;
        }
    }

    /// <summary>Members sorted; without what the two cannot agree on: bodies .NET has no decoder for, and a flag Apache's decoder clears when it unpacks.</summary>
    private static string Normalize(JsonNode line)
    {
        Dictionary<string, JsonNode?> members = line.AsObject().ToDictionary(member => member.Key, member => member.Value);
        members.Remove("logicsPhysicalOffset");
        if (members["kind"]!.GetValue<string>() == "message")
        {
            int type = members["sysFlag"]!.GetValue<int>() & 0x700;
            members["sysFlag"] = JsonValue.Create(members["sysFlag"]!.GetValue<int>() & ~1);
            if (type is 0x100 or 0x200)
            {
                members.Remove("bodySize");
                members.Remove("bodySha256");
            }
        }

        return JsonSerializer.Serialize(members.OrderBy(member => member.Key, StringComparer.Ordinal).ToDictionary(member => member.Key, member => Sorted(member.Value)));
    }

    private static JsonNode? Sorted(JsonNode? node) => node is JsonObject members
        ? new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value))))
        : node?.DeepClone();
}
