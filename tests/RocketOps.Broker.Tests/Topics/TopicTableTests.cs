using RocketOps.Broker.Json;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Topics;

/// <summary>What is in topics.json, what lookups see and what callers are told agree, whatever the disk does.</summary>
public sealed class TopicTableTests : IAsyncLifetime, IDisposable
{
    private readonly HookedFileSystem _files = new();
    private readonly TempDirectory _directory = new("topics-");
    private readonly MovedTime _time = new();
    private readonly List<string> _forgotten = [];
    private TestBroker _broker = null!;

    private TopicTable Table => _broker.Host.Modules.Topics.Topics;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(directory: _directory, fileSystem: _files, time: _time);

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Send_NewTopicIsStillBeingWritten_NobodyIsAcknowledgedBeforeItIsDurable()
    {
        TaskCompletionSource reached = HoldTopicsFile();

        Task<RemotingCommand> first = _broker.InvokeAsync(Requests.Send("Fresh", "one", 0, string.Empty, "pg"));
        await reached.Task;
        Task<RemotingCommand> second = _broker.InvokeAsync(Requests.Send("Fresh", "two", 0, string.Empty, "pg"));
        // Requests behind them are not held up.
        await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));

        Table.TryGet("Fresh", out _).Should().BeFalse();
        first.IsCompleted.Should().BeFalse();
        second.IsCompleted.Should().BeFalse();

        _files.BeforeRename = null;
        (await first).Code.Should().Be(ResponseCode.Success);
        (await second).Code.Should().Be(ResponseCode.Success);
        (await OnDiskAsync("Fresh")).Should().NotBeNull();
    }

    [Fact]
    public async Task Create_FileCannotBeWritten_TopicDoesNotExistAndTheNextTryWritesIt()
    {
        FailTopicsFile();
        TopicConfig config = new() { TopicName = "Unwritten" };

        await Table.Invoking(table => table.CreateOrUpdateAsync(config)).Should().ThrowAsync<StoreIOException>();
        Table.TryGet("Unwritten", out _).Should().BeFalse();
        RemotingCommand send = await _broker.InvokeAsync(Requests.Send("Unwritten", "one", 0, string.Empty, "pg"));
        send.Code.Should().Be(ResponseCode.SystemError);

        _files.BeforeRename = null;
        await Table.CreateOrUpdateAsync(config);

        Table.TryGet("Unwritten", out _).Should().BeTrue();
        (await OnDiskAsync("Unwritten")).Should().NotBeNull();
    }

    [Fact]
    public async Task Update_FileCannotBeWritten_SettingsStayAndTheSameUpdateWritesLater()
    {
        TopicConfig config = new() { TopicName = "Grown", WriteQueueNums = 4 };
        await Table.CreateOrUpdateAsync(config);
        FailTopicsFile();

        await Table.Invoking(table => table.CreateOrUpdateAsync(config with { WriteQueueNums = 8 })).Should().ThrowAsync<StoreIOException>();
        Table.GetOrThrow("Grown").Config.WriteQueueNums.Should().Be(4);

        _files.BeforeRename = null;
        await Table.CreateOrUpdateAsync(config with { WriteQueueNums = 8 });

        Table.GetOrThrow("Grown").Config.WriteQueueNums.Should().Be(8);
        (await OnDiskAsync("Grown"))!.WriteQueueNums.Should().Be(8);
    }

    [Fact]
    public async Task Delete_FileCannotBeWritten_TopicAndItsMessagesStay()
    {
        await _broker.SendAsync("Kept", "one");
        FailTopicsFile();

        await Table.Invoking(table => table.DeleteAsync("Kept")).Should().ThrowAsync<StoreIOException>();

        _files.BeforeRename = null;
        RemotingCommand answer = await _broker.SendAsync("Kept", "two");
        answer.Get("queueOffset").Should().Be("1");
        (await Table.DeleteAsync("Kept")).Should().BeTrue();
        (await Table.DeleteAsync("Kept")).Should().BeFalse();
        (await OnDiskAsync("Kept")).Should().BeNull();
    }

    [Fact]
    public async Task Change_OfTheSameTopicWhileOneIsBeingWritten_TheLastOneCounts()
    {
        TaskCompletionSource reached = HoldTopicsFile();

        Task create = Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Often", ReadQueueNums = 1 });
        await reached.Task;
        Task same = Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Often", ReadQueueNums = 1 });
        Task update = Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Often", ReadQueueNums = 2 });
        Task<bool> delete = Table.DeleteAsync("Often");
        Task last = Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Often", ReadQueueNums = 3 });
        _files.BeforeRename = null;
        await Task.WhenAll(create, same, update, delete, last);

        Table.GetOrThrow("Often").Config.ReadQueueNums.Should().Be(3);
        (await OnDiskAsync("Often"))!.ReadQueueNums.Should().Be(3);
    }

    [Fact]
    public async Task Delete_NameServersAreStillBeingToldWhenASendMakesTheTopicAgain_TheMessageStays()
    {
        await _broker.SendAsync("Reborn", "old");
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Table.Changed = () =>
        {
            told.TrySetResult();
            return go.Task;
        };
        Task<RemotingCommand> delete = _broker.InvokeAsync(Delete("Reborn"));
        await told.Task;
        // The removal alone is held up: what makes the topic again must not wait for it.
        Table.Changed = null;

        RemotingCommand sent = await _broker.SendAsync("Reborn", "new");
        go.SetResult();
        (await delete).Code.Should().Be(ResponseCode.Success);

        sent.Get("queueOffset").Should().Be("0");
        await PullsOneAsync("Reborn", "new");
        (await _broker.SendAsync("Reborn", "next")).Get("queueOffset").Should().Be("1", "old and new senders write to one queue");
    }

    [Fact]
    public async Task Delete_QueuesAreStillBeingRemovedWhenASendMakesTheTopicAgain_ItWaitsForThem()
    {
        await _broker.SendAsync("Slow", "old");
        await Eventually.TrueAsync(() => Directory.Exists(_directory.File("store/consumequeue/Slow/0")), "the queue has a file to remove");
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _files.BeforeDelete = path =>
        {
            if (path.Contains("/consumequeue/Slow/", StringComparison.Ordinal))
            {
                reached.TrySetResult();
                SpinWait.SpinUntil(() => _files.BeforeDelete is null, TimeSpan.FromMinutes(1));
            }
        };
        Task<RemotingCommand> delete = _broker.InvokeAsync(Delete("Slow"));
        await reached.Task;

        Task<RemotingCommand> send = _broker.InvokeAsync(Requests.Send("Slow", "new", 0, string.Empty, "pg"));
        await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo));
        Table.TryGet("Slow", out _).Should().BeFalse();
        (await OnDiskAsync("Slow")).Should().BeNull("a crash now must not find the old queues below the new topic");
        send.IsCompleted.Should().BeFalse();

        _files.BeforeDelete = null;
        (await send).Get("queueOffset").Should().Be("0");
        (await delete).Code.Should().Be(ResponseCode.Success);
        await PullsOneAsync("Slow", "new");
    }

    [Fact]
    public async Task Delete_PullsWaitForTheTopic_AreAnsweredAndItsOffsetsAreGone()
    {
        await _broker.SendAsync("Parked", "one");
        await _broker.SubscribeAsync("g", "Parked");
        _broker.Host.Modules.Offsets.Consumers.Commit("Parked", "g", 0, 1);
        using IDisposable held = _time.Hold();
        Task<RemotingCommand> pull = _broker.PullAsync("g", "Parked", 0, 1, sysFlag: 2, holdMs: 60_000);
        await Eventually.TrueAsync(() => _broker.Host.Modules.Pulls.Parked.Count == 1, "the pull waits");

        await _broker.InvokeAsync(Delete("Parked"));

        (await pull.WaitAsync(Eventually.DefaultDeadline)).Code.Should().NotBe(ResponseCode.Success);
        _broker.Host.Modules.Offsets.Consumers.Query("Parked", "g", 0).Should().Be(-1);
    }

    [Fact]
    public async Task CreateMany_InOneRequest_ShareAFewWritesOfTheFile()
    {
        const int Topics = 1_000;
        int writes = 0;
        _files.BeforeRename = to => writes += string.Equals(to, TopicsFile, StringComparison.Ordinal) ? 1 : 0;
        RemotingCommand create = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateTopicList);
        create.Body = BrokerJson.Write(
            new TopicConfigList { Topics = [.. Enumerable.Range(0, Topics).Select(static i => new TopicConfig { TopicName = $"Many-{i}", ReadQueueNums = 1, WriteQueueNums = 1 })] },
            TopicJson.Default.TopicConfigList);

        RemotingCommand answer = await _broker.InvokeAsync(create);

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        writes.Should().BeLessThan(10);
        (await OnDiskAsync($"Many-{Topics - 1}")).Should().NotBeNull();
    }

    /// <summary>A slave's log goes on while its master is asked: the messages may be those of a topic that was made again behind the answer.</summary>
    [Fact]
    public async Task Follow_TopicIsDeletedThereAndHasMessagesThatCameSince_StaysUntilTheNextAnswer()
    {
        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Again" });
        await _broker.SendAsync("Again", "one");
        PhysicalOffset known = _broker.Host.Modules.Host.Store.Positions.Appended;
        await _broker.SendAsync("Again", "two");
        DataVersion own = Table.Version;
        DataVersion theirs = own.Next(_time);
        Dictionary<string, TopicConfig> topics = new(Table.Snapshot(), StringComparer.Ordinal);
        topics.Remove("Again");
        topics["Fresh"] = new TopicConfig { TopicName = "Fresh" };

        (await FollowAsync(theirs, topics, Noted("Again", known))).IsComplete.Should().BeFalse();
        Table.Version.Should().Be(own, "the master is to be asked again");
        Table.TryGet("Fresh", out _).Should().BeTrue();
        (await BrokerGroup.ReadAsync(_broker, "Again")).Should().Equal("one", "two");

        (await FollowAsync(theirs, topics, Noted("Again", _broker.Host.Modules.Host.Store.Positions.Appended))).IsComplete.Should().BeTrue();
        Table.Version.Should().Be(theirs);
        Table.TryGet("Again", out _).Should().BeFalse();
        _broker.Host.Modules.Host.Store.FindTopic("Again"u8).Should().BeNull();
        _forgotten.Should().Equal("Again");
    }

    /// <summary>A table that was lost lacks topics, and has no notes of their deletion.</summary>
    [Fact]
    public async Task Follow_TopicIsMissingThereAndItsDeletionIsNotNoted_Stays()
    {
        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Kept" });
        await _broker.SendAsync("Kept", "one");
        await FollowAsync(Table.Version.Next(_time), Table.Snapshot(), deletions: []);
        Dictionary<string, TopicConfig> lost = new(Table.Snapshot(), StringComparer.Ordinal);
        lost.Remove("Kept");
        DataVersion anew = new() { Counter = 1, Timestamp = _time.GetUtcNow().ToUnixTimeMilliseconds() };

        FollowOutcome outcome = await FollowAsync(anew, lost, deletions: []);

        outcome.IsBehind.Should().BeTrue();
        outcome.Kept.Should().Equal("Kept");
        Table.Version.Should().Be(anew);
        (await BrokerGroup.ReadAsync(_broker, "Kept")).Should().Equal("one");
        (await FollowAsync(anew.Next(_time), lost, deletions: [])).Kept.Should().Equal("Kept");
        _forgotten.Should().BeEmpty();
    }

    /// <summary>RocketMQ's brokers note no deletions: a later version is believed, an older one is that of a lost table.</summary>
    [Fact]
    public async Task Follow_MasterNotesNoDeletions_ALaterTableRemovesAndALostOneDoesNotEvenLater()
    {
        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Deleted" });
        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Kept" });
        Dictionary<string, TopicConfig> topics = new(Table.Snapshot(), StringComparer.Ordinal);
        DataVersion version = Table.Version.Next(_time);
        await FollowAsync(version, topics, deletions: null);

        topics.Remove("Deleted");
        FollowOutcome deletion = await FollowAsync(version.Next(_time), topics, deletions: null);
        topics.Remove("Kept");
        FollowOutcome loss = await FollowAsync(new DataVersion { Counter = 1, Timestamp = version.Timestamp }, topics, deletions: null);
        FollowOutcome later = await FollowAsync(new DataVersion { Counter = 2, Timestamp = version.Timestamp }, topics, deletions: null);

        deletion.Deleted.Should().Equal("Deleted");
        loss.IsBehind.Should().BeTrue();
        later.IsBehind.Should().BeFalse();
        later.Kept.Should().Equal("Kept");
        Table.TryGet("Deleted", out _).Should().BeFalse();
        Table.TryGet("Kept", out _).Should().BeTrue();
        _forgotten.Should().Equal("Deleted");
    }

    /// <summary>Deleted and made again between two rounds: what was there before goes all the same.</summary>
    [Fact]
    public async Task Follow_TopicWasDeletedAndMadeAgainThere_LosesItsQueuesAndStaysATopic()
    {
        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Again" });
        await _broker.SendAsync("Again", "old");
        DataVersion theirs = Table.Version.Next(_time);
        Dictionary<string, TopicConfig> topics = new(Table.Snapshot(), StringComparer.Ordinal) { ["Again"] = new TopicConfig { TopicName = "Again", ReadQueueNums = 3 } };

        await FollowAsync(theirs, topics, Noted("Again", _broker.Host.Modules.Host.Store.Positions.Appended));

        Table.GetOrThrow("Again").Config.ReadQueueNums.Should().Be(3);
        (await BrokerGroup.ReadAsync(_broker, "Again")).Should().BeEmpty();
        _forgotten.Should().Equal("Again");
    }

    /// <summary>The slave stops while it waits for the deleted topic's last messages: what goes on behind it would write over the next start's files.</summary>
    [Fact]
    public async Task Follow_IsCancelled_EndsWithTheTopicAndFollowsTheDeletionAnotherTime()
    {
        await Table.CreateOrUpdateAsync(new TopicConfig { TopicName = "Gone" });
        await _broker.SendAsync("Gone", "kept for now");
        DataVersion theirs = Table.Version.Next(_time);
        Dictionary<string, TopicConfig> topics = new(Table.Snapshot(), StringComparer.Ordinal);
        topics.Remove("Gone");
        Dictionary<string, DeletionNote> deletions = Noted("Gone", _broker.Host.Modules.Host.Store.Positions.Appended);
        using CancellationTokenSource ended = new();
        await ended.CancelAsync();

        await ((Func<Task>)(() => FollowAsync(theirs, topics, deletions, ended.Token))).Should().ThrowAsync<OperationCanceledException>();

        (await BrokerGroup.ReadAsync(_broker, "Gone")).Should().Equal("kept for now");
        Table.History.Deletions.Should().NotContainKey("Gone");
        await FollowAsync(theirs, topics, deletions);
        Table.TryGet("Gone", out _).Should().BeFalse();
    }

    private Task<FollowOutcome> FollowAsync(DataVersion version, Dictionary<string, TopicConfig> topics, Dictionary<string, DeletionNote>? deletions,
        CancellationToken cancellationToken = default) => Table.FollowAsync(
        new FollowedTable<TopicConfig>(version, topics, deletions),
        _broker.Host.Modules.Host.Store.Positions.Appended,
        names =>
        {
            _forgotten.AddRange(names);
            return Task.CompletedTask;
        },
        cancellationToken);

    private static Dictionary<string, DeletionNote> Noted(string topic, PhysicalOffset end) => new(StringComparer.Ordinal) { [topic] = new DeletionNote(Time: 1, end.Value) };

    private static RemotingCommand Delete(string topic) => RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", topic);

    private async Task PullsOneAsync(string topic, string body)
    {
        await _broker.SubscribeAsync("reader", topic);
        RemotingCommand pulled = await _broker.PullAsync("reader", topic, 0, 0);
        pulled.Code.Should().Be(ResponseCode.Success, pulled.Remark);
        System.Text.Encoding.UTF8.GetString(pulled.Body.Span).Should().Contain(body).And.NotContain("old");
    }

    private string TopicsFile => _directory.File("store/config/topics.json");

    private void FailTopicsFile() => _files.BeforeRename = to =>
    {
        if (string.Equals(to, TopicsFile, StringComparison.Ordinal))
        {
            throw new StoreIOException("rename", to, StoreIOException.NoSpace, "No space left on device");
        }
    };

    /// <summary>Writers of the file wait in front of its last step until the hook is taken away.</summary>
    private TaskCompletionSource HoldTopicsFile()
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _files.BeforeRename = to =>
        {
            if (string.Equals(to, TopicsFile, StringComparison.Ordinal))
            {
                reached.TrySetResult();
                SpinWait.SpinUntil(() => _files.BeforeRename is null, TimeSpan.FromMinutes(1));
            }
        };
        return reached;
    }

    private async Task<TopicConfig?> OnDiskAsync(string topic) =>
        BrokerJson.Read(await File.ReadAllBytesAsync(TopicsFile), TopicJson.Default.TopicTableFile)!.Topics!.GetValueOrDefault(topic);
}
