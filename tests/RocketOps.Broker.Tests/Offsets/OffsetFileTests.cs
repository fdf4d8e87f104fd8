using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Bodies;
using RocketOps.Store.Files;
using RocketOps.Testing;
using RocketOps.Testing.Memory;

namespace RocketOps.Broker.Tests.Offsets;

public sealed class OffsetFileTests : IDisposable
{
    // As 4.9.7 left it: a line break only before the closing brace of an integer map.
    private const string WrittenBy497 = "{\n\t\"offsetTable\":{\n\t\t\"StoreTags@g_tags\":{0:10,1:9\n\t\t},\n\t\t\"%RETRY%g@g\":{0:4\n\t\t}\n\t}\n}";
    private const string QuotedKeys = "{\"offsetTable\":{\"StoreTags@g_tags\":{\"0\":10,\"1\":9},\"%RETRY%g@g\":{\"0\":4}}}";

    private readonly TempDirectory _directory = new();

    [Theory]
    [InlineData(WrittenBy497)]
    [InlineData(QuotedKeys)]
    public void Load_BareAndQuotedKeys_AreRead(string content)
    {
        Directory.CreateDirectory(_directory.File("config"));
        File.WriteAllText(_directory.File("config", "consumerOffset.json"), content);
        ConsumerOffsetTable table = NewTable();

        table.Load();

        table.Query("StoreTags", "g_tags", 0).Should().Be(10);
        table.Query("StoreTags", "g_tags", 1).Should().Be(9);
        table.Query("%RETRY%g", "g", 0).Should().Be(4);
        table.Query("StoreTags", "other", 0).Should().Be(-1);
    }

    [Fact]
    public void Write_Offsets_AreAsJavaWritesThem()
    {
        ArrayBufferWriter<byte> output = new();

        OffsetFileWriter.WriteConsumerOffsets(
            output, new DataVersion { Counter = 3, Timestamp = 1_733_000_000_123 },
            new OffsetLog(4_096, new Dictionary<long, ulong> { [2_048] = ulong.MaxValue, [0] = 7 }),
            [new("T", 1_733_000_000_000), new("U", 7)],
            [new("T@g", [new(0, 118), new(1, 97)])]);

        Encoding.UTF8.GetString(output.WrittenSpan).Should().Be(
            "{\n\t\"dataVersion\":{\n\t\t\"counter\":3,\n\t\t\"stateVersion\":0,\n\t\t\"timestamp\":1733000000123\n\t},\n"
            + "\t\"rocketOpsDeletions\":{\n\t\t\"T\":1733000000000,\n\t\t\"U\":7\n\t},\n"
            + "\t\"rocketOpsLog\":{\n\t\t\"end\":4096,\n\t\t\"records\":{\"0\":7,\"2048\":18446744073709551615}\n\t},\n"
            + "\t\"offsetTable\":{\n\t\t\"T@g\":{\n\t\t\t0:118,\n\t\t\t1:97\n\t\t}\n\t}\n}");
    }

    [Fact]
    public async Task Persist_CommittedOffsets_AreFoundAgain()
    {
        ConsumerOffsetTable table = NewTable();
        table.TryCommit("T"u8, "g"u8, 2, 40);
        table.TryCommit("T"u8, "g"u8, 2, 41);
        table.Commit("T", "h", 0, 7);

        await table.PersistAsync();
        ConsumerOffsetTable again = NewTable();
        again.Load();

        again.Query("T", "g", 2).Should().Be(41);
        again.GroupsOf("T").Should().BeEquivalentTo("g", "h");
    }

    [Fact]
    public async Task Load_DamagedFile_BackupIsUsed()
    {
        ConsumerOffsetTable table = NewTable();
        table.Commit("T", "g", 0, 5);
        await table.PersistAsync();
        table.Commit("T", "g", 0, 6);
        await table.PersistAsync();
        await File.WriteAllTextAsync(_directory.File("config", "consumerOffset.json"), "{\"offsetTable\":{\"T@g\":{0:");
        ConsumerOffsetTable again = NewTable();

        again.Load();

        again.Query("T", "g", 0).Should().Be(5);
    }

    [Fact]
    public async Task Load_FileAndBackupDamaged_StartIsRefusedNotEmpty()
    {
        Directory.CreateDirectory(_directory.File("config"));
        await File.WriteAllTextAsync(_directory.File("config", "consumerOffset.json"), "{");
        await File.WriteAllTextAsync(_directory.File("config", "consumerOffset.json.bak"), "]");
        ConsumerOffsetTable table = NewTable();

        table.Invoking(static table => table.Load()).Should().Throw<InvalidDataException>().WithMessage("*consumerOffset.json*");
    }

    [Fact]
    public void Commit_KnownQueue_AllocatesNothing()
    {
        ConsumerOffsetTable table = NewTable();
        table.TryCommit("Topic"u8, "group"u8, 0, 0);
        CommitMany(table, 1_000);

        Allocations.Least(() => CommitMany(table, 10_000), enough: 999).Should().BeLessThan(1_000);
    }

    [Fact]
    public async Task Serialize_QueuesAreCommittedForTheFirstTimeMeanwhile_EverySnapshotIsWhole()
    {
        const int Queues = 65_536;
        ConsumerOffsetTable table = NewTable();
        Task commits = Task.Run(() =>
        {
            for (int queueId = 0; queueId < Queues; queueId++)
            {
                table.Commit("T", "g", queueId, queueId);
            }
        });

        do
        {
            FluentActions.Invoking(() => Text(table)).Should().NotThrow();
        }
        while (!commits.IsCompleted);

        await commits;
        Text(table).Should().Contain("\n\t\t\t65535:65535\n");
    }

    public void Dispose() => _directory.Dispose();

    private static string Text(ConsumerOffsetTable table)
    {
        ArrayBufferWriter<byte> output = new();
        table.WriteTo(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static void CommitMany(ConsumerOffsetTable table, int count)
    {
        for (int i = 0; i < count; i++)
        {
            table.TryCommit("Topic"u8, "group"u8, 0, i);
        }
    }

    private ConsumerOffsetTable NewTable()
    {
        BrokerSettings settings = new(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path }));
        return new ConsumerOffsetTable(
            settings,
            settings.Of<OffsetOptions>(),
            new RefusedEntries(TimeProvider.System, NullLogger<RefusedEntries>.Instance),
            new LinuxFileSystem(),
            TimeProvider.System);
    }
}
