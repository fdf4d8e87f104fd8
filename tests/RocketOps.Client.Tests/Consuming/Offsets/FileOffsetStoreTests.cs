using Microsoft.Extensions.Logging;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Client.Tests.Consuming.Offsets;

/// <summary>The offsets of a broadcasting member, whatever becomes of their files.</summary>
public sealed class FileOffsetStoreTests : ConsumerTestBase, IDisposable
{
    private static readonly MessageQueue Queue = new("T", "broker-a", 0);

    private readonly TempDirectory _folder = new("offsets-");
    private readonly RecordingLoggerFactory _log = new();

    private string FilePath => _folder.File("g.json");

    private string BackupPath => FilePath + ".bak";

    [Fact]
    public async Task Commit_FirstTheBackupThenTheFile_EachIsUnderItsNameWhenTheFolderIsFlushed()
    {
        List<(long? File, long? Backup)> flushed = [];
        FileOffsetStore files = Store(flushFolder: folder =>
        {
            folder.Should().Be(_folder.Path);
            flushed.Add((OffsetIn(FilePath), OffsetIn(BackupPath)));
        });

        foreach (long offset in new long[] { 7, 8, 9 })
        {
            (await CommitAsync(files, offset)).Should().BeNull();
        }

        flushed.Should().Equal((7, null), (7, 7), (8, 7), (8, 8), (9, 8));
        Directory.GetFiles(_folder.Path).Should().BeEquivalentTo(FilePath, BackupPath);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Commit_FolderCannotBeFlushed_FailsAndIsDoneWithTheNext(int failing)
    {
        int flushes = 0;
        await CommitAsync(7);
        FileOffsetStore files = Store(flushFolder: _ =>
        {
            if (++flushes == failing)
            {
                throw new IOException("no");
            }
        });

        (await CommitAsync(files, 8)).Should().NotBeNull();
        (await CommitAsync(files, 8)).Should().BeNull();

        flushes.Should().Be(failing + 2, "the second commit flushes both files");
        OffsetIn(FilePath).Should().Be(8);
        OffsetIn(BackupPath).Should().Be(7);
    }

    [Fact]
    public async Task Commit_NothingHasChanged_WritesNothing()
    {
        await CommitAsync(7);
        FileOffsetStore files = Store(flushFolder: static _ => throw new IOException("nothing is to be written"));

        (await CommitAsync(files, 7)).Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"offsets\":[null]}")]
    [InlineData("{\"offsets\":[{\"queue\":null,\"offset\":3}]}")]
    [InlineData("{\"offsets\":[{\"queue\":{\"topic\":\"T\",\"brokerName\":\"broker-a\",\"queueId\":0},\"offset\":-3}]}")]
    [InlineData(null)]
    public async Task Load_FileIsDamagedOrGone_ReadsTheBackupAndSaysSo(string? content)
    {
        await CommitAsync(7, 8);
        await ReplaceAsync(FilePath, content);

        FileOffsetStore offsets = Store();
        (await offsets.LoadAsync(Queue, default)).Should().Be(7, "to have a message again is better than never");
        (await offsets.LoadAsync(Queue, default)).Should().Be(7);

        _log.Entries.Should().ContainSingle().Which.Should().Match<LoggedEntry>(static entry => entry.Event == 4154 && entry.Level == LogLevel.Warning);
        offsets.Note(Queue, 9);
        await offsets.CommitAsync([Queue], default);
        (OffsetIn(FilePath), OffsetIn(BackupPath)).Should().Be((9, 7), "what was damaged is never the backup");
    }

    [Theory]
    [InlineData(null, 0L)]
    [InlineData(ConsumeFromWhere.FirstOffset, null)]
    [InlineData(ConsumeFromWhere.LastOffset, null)]
    [InlineData(ConsumeFromWhere.Timestamp, null)]
    public async Task Load_BothAreDamaged_SetsThemAsideAndBeginsWhereTheProgramSays(ConsumeFromWhere? from, long? offset)
    {
        await CommitAsync(7, 8);
        await ReplaceAsync(FilePath, "{");
        await ReplaceAsync(BackupPath, string.Empty);

        FileOffsetStore offsets = Store(from);
        (await offsets.LoadAsync(Queue, default)).Should().Be(offset, "null leaves it to the start of a member without offsets, 0 skips nothing");
        (await offsets.LoadAsync(Queue with { QueueId = 1 }, default)).Should().Be(offset);

        _log.Entries.Should().ContainSingle().Which.Should().Match<LoggedEntry>(static entry => entry.Event == 4155 && entry.Level == LogLevel.Error);
        (await File.ReadAllTextAsync(FilePath + ".damaged")).Should().Be("{");
        (await File.ReadAllTextAsync(BackupPath + ".damaged")).Should().BeEmpty();
        offsets.Note(Queue, 3);
        await offsets.CommitAsync([Queue], default);
        (await Store().LoadAsync(Queue, default)).Should().Be(3);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ConsumeFromWhere.LastOffset)]
    public async Task Load_NoFile_IsANewMember(ConsumeFromWhere? from)
    {
        (await Store(from).LoadAsync(Queue, default)).Should().BeNull();

        _log.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Load_FileCannotBeRead_ThrowsAndReadsItTheNextTime()
    {
        await CommitAsync(7, 8);
        FileOffsetStore offsets = Store();
        await using (new FileStream(FilePath, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            await FluentActions.Awaiting(() => offsets.LoadAsync(Queue, default)).Should().ThrowAsync<RocketMqException>();
        }

        (await offsets.LoadAsync(Queue, default)).Should().Be(8);
        _log.Entries.Should().BeEmpty("it is whole");
    }

    [Fact]
    public async Task Load_QueueNamedTwice_TakesTheSmallerOffset()
    {
        await CommitAsync(7);
        string json = await File.ReadAllTextAsync(FilePath);
        int list = json.IndexOf('[', StringComparison.Ordinal);
        string entry = json[(list + 1)..json.IndexOf(']', StringComparison.Ordinal)];
        await File.WriteAllTextAsync(FilePath, json.Replace(entry, entry.Replace("7", "9", StringComparison.Ordinal) + "," + entry, StringComparison.Ordinal));

        (await Store().LoadAsync(Queue, default)).Should().Be(7);
    }

    [Fact]
    public async Task Consume_BothAreDamaged_ReadsFromTheOldestMessage()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        cluster.Broker.Append("T", 0, "m0");
        cluster.Broker.Append("T", 0, "m1");
        PushConsumerOptions options = Options(cluster) with { MessageModel = MessageModel.Broadcasting, BroadcastOffsetFolder = _folder.Path, ConsumeFromWhere = null, OnError = static _ => { } };
        await using RocketMqPushConsumer consumer = new(options);
        string path = FileOffsetStore.PathFor(options, consumer.ClientId);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, string.Empty);

        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => Texts.Count == 2, "it reads");
        Texts.Should().BeEquivalentTo("m0", "m1");
    }

    public void Dispose()
    {
        _folder.Dispose();
        _log.Dispose();
    }

    private static Task<RocketMqException?> CommitAsync(FileOffsetStore files, long offset)
    {
        files.Note(Queue, offset);
        return files.CommitAsync([Queue], default);
    }

    private static async Task ReplaceAsync(string path, string? content)
    {
        File.Delete(path);
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content);
        }
    }

    private static long? OffsetIn(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string json = File.ReadAllText(path);
        return json[json.LastIndexOf(':')..] is [_, char digit, ..] ? digit - '0' : null;
    }

    private FileOffsetStore Store(ConsumeFromWhere? from = null, Action<string>? flushFolder = null) => new(FilePath, from, _log, flushFolder);

    private async Task CommitAsync(params long[] offsets)
    {
        FileOffsetStore files = Store();
        foreach (long offset in offsets)
        {
            (await CommitAsync(files, offset)).Should().BeNull();
        }
    }
}
