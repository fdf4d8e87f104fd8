using System.Globalization;
using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>What consumers see of a broker when they pull, through a real connection.</summary>
public sealed class PullTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(time: _time);

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task Pull_SentMessages_ComeBackAsTheyWere()
    {
        string properties = Requests.Properties(("KEYS", "k€y"), ("ключ", "値 🚀"), ("TAGS", "A"));
        await _broker.SendAsync("Round", "body-1", properties: properties);
        await _broker.SendAsync("Round", "body-2", properties: properties);
        await _broker.SubscribeAsync("g", "Round");

        RemotingCommand answer = await _broker.PullAsync("g", "Round", 0, 0);

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        answer.Remark.Should().Be("FOUND");
        answer.Get("nextBeginOffset").Should().Be("2");
        answer.Get("minOffset").Should().Be("0");
        answer.Get("maxOffset").Should().Be("2");
        answer.Get("suggestWhichBrokerId").Should().Be("0");
        IReadOnlyList<Requests.Received> messages = Requests.Decode(answer);
        messages.Select(static message => message.Body).Should().Equal("body-1", "body-2");
        messages[0].Properties.Get("ключ").Should().Be("値 🚀");
        messages[0].Properties.Get("CLUSTER").Should().Be("DefaultCluster");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pull_OfFiles_MessagesComeAsTheyWereWithoutACopy(bool areNeighbours)
    {
        const int Messages = 40;
        using TempDirectory directory = new("files-");
        List<string> bodies = [.. Enumerable.Range(0, Messages).Select(static i => new string((char)('a' + (i % 26)), 500 + (10 * i)))];
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Files", queues: 2);
            foreach (string body in bodies)
            {
                await before.SendAsync("Files", body, queueId: 0);
                if (!areNeighbours)
                {
                    await before.SendAsync("Files", "between", queueId: 1);
                }
            }
        }

        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, time: _time);
        await broker.SubscribeAsync("g", "Files");
        RemotingCommand first = await broker.PullAsync("g", "Files", 0, 0);
        RemotingCommand rest = await broker.PullAsync("g", "Files", 0, 32);

        first.Get("nextBeginOffset").Should().Be("32");
        Requests.Decode(first).Concat(Requests.Decode(rest)).Select(static message => message.Body).Should().Equal(bodies);
        broker.Disk.Maps.Should().BePositive("the messages are sent from the page cache");
        broker.Disk.Waits.Should().BeEmpty();
    }

    /// <summary>A client that gets messages asks for more at once, and may wait half a minute for the answer to what was on its way when its connection ended.</summary>
    [Fact]
    public async Task Pull_ByAConnectionThatIsAboutToEnd_ThatMayWait_IsToldToComeAgainWithMessagesToo()
    {
        await _broker.SendAsync("Leaves", "there", queueId: 0);
        await _broker.SubscribeAsync("g", "Leaves");
        _broker.Host.Modules.Clients.Consumers.All.Single().Channels.Single().Connection.FinishBehindAnswer("the test says so");

        (await _broker.PullAsync("g", "Leaves", 0, 0, PullMessageRequestHeader.SuspendFlag, 10_000)).Code.Should().Be(ResponseCode.FlowControl);
        (await _broker.PullAsync("g", "Leaves", 0, 1, PullMessageRequestHeader.SuspendFlag, 10_000)).Code.Should().Be(ResponseCode.FlowControl);
        (await _broker.PullAsync("g", "Leaves", 0, 0)).Code.Should().Be(ResponseCode.Success, "who does not wait is served");
    }

    [Fact]
    public async Task Pull_TagSubscription_FiltersAndMovesOn()
    {
        foreach (string tag in (string[])["A", "B", "A", "C"])
        {
            await _broker.SendAsync("Tags", tag, properties: Requests.Properties(("TAGS", tag)));
        }

        await _broker.SubscribeAsync("g-a", "Tags", "A");
        await _broker.SubscribeAsync("g-x", "Tags", "X");

        RemotingCommand wanted = await _broker.PullAsync("g-a", "Tags", 0, 0);
        RemotingCommand nothing = await _broker.PullAsync("g-x", "Tags", 0, 0, PullMessageRequestHeader.SuspendFlag, 10_000);

        Requests.Decode(wanted).Select(static message => message.Body).Should().Equal("A", "A");
        nothing.Code.Should().Be(ResponseCode.PullRetryImmediately);
        nothing.Get("nextBeginOffset").Should().Be("4");
    }

    [Fact]
    public async Task Pull_NothingThere_WaitsUntilAMatchingMessageArrives()
    {
        await _broker.CreateTopicAsync("Wait", queues: 2);
        await _broker.SubscribeAsync("g", "Wait", "A");
        await _broker.SubscribeAsync("g-b", "Wait", "B");
        // Parked second, woken first: when the other one has its answer, this one would have had its.
        Task<RemotingCommand> other = _broker.PullAsync("g-b", "Wait", 1, 0, PullMessageRequestHeader.SuspendFlag, 60_000);
        await ParkedAsync(1);
        Task<RemotingCommand> pull = _broker.PullAsync("g", "Wait", 1, 0, PullMessageRequestHeader.SuspendFlag, 60_000);
        await ParkedAsync(2);

        await _broker.SendAsync("Wait", "other queue", queueId: 0, Requests.Properties(("TAGS", "A")));
        await _broker.SendAsync("Wait", "other tag", queueId: 1, Requests.Properties(("TAGS", "B")));
        Requests.Decode(await other).Select(static message => message.Body).Should().Equal("other tag");
        _broker.Host.Modules.Pulls.Parked.Count.Should().Be(1);
        pull.IsCompleted.Should().BeFalse();
        await _broker.SendAsync("Wait", "wanted", queueId: 1, Requests.Properties(("TAGS", "A")));

        RemotingCommand answer = await pull;
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        Requests.Decode(answer).Select(static message => message.Body).Should().Equal("wanted");
        _broker.Host.Modules.Pulls.Parked.Count.Should().Be(0);
    }

    [Fact]
    public async Task Pull_OnlyUnwantedMessagesArrive_IsAnsweredBeforeItsTimeSoThatProgressFollows()
    {
        await _broker.CreateTopicAsync("Unwanted");
        await _broker.SubscribeAsync("g", "Unwanted", "A");
        await _broker.SubscribeAsync("g-b", "Unwanted", "B");
        Task<RemotingCommand> dispatched = _broker.PullAsync("g-b", "Unwanted", 0, 0, PullMessageRequestHeader.SuspendFlag, 60_000);
        Task<RemotingCommand> pull = _broker.PullAsync("g", "Unwanted", 0, 0, PullMessageRequestHeader.SuspendFlag, 180_000);
        await ParkedAsync(2);

        await _broker.SendAsync("Unwanted", "other tag", queueId: 0, Requests.Properties(("TAGS", "B")));
        await dispatched;
        _time.Advance(TimeSpan.FromSeconds(4.9));
        _broker.Host.Modules.Pulls.Parked.Count.Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(0.6));

        RemotingCommand answer = await pull;
        answer.Code.Should().Be(ResponseCode.PullRetryImmediately);
        answer.Get("nextBeginOffset").Should().Be("1");
    }

    [Fact]
    public async Task Pull_WaitEnds_AnswersNotFoundAtTheSameOffset()
    {
        await _broker.SendAsync("Ends", "one");
        await _broker.SubscribeAsync("g", "Ends");

        Task<RemotingCommand> pull = _broker.PullAsync("g", "Ends", 0, 1, PullMessageRequestHeader.SuspendFlag, 10_000);
        await ParkedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        _broker.Host.Modules.Pulls.Parked.Count.Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(0.6));

        RemotingCommand answer = await pull;
        answer.Code.Should().Be(ResponseCode.PullNotFound);
        answer.Get("nextBeginOffset").Should().Be("1");
        answer.Get("minOffset").Should().Be("0");
        answer.Get("maxOffset").Should().Be("1");
    }

    [Fact]
    public async Task Pull_SeveralWaitsOneAfterAnother_AllEnd()
    {
        await _broker.CreateTopicAsync("Waits", queues: 2);
        await _broker.SubscribeAsync("g", "Waits");

        Task<RemotingCommand> longer = _broker.PullAsync("g", "Waits", 0, 0, PullMessageRequestHeader.SuspendFlag, 1_200);
        await ParkedAsync(1);
        Task<RemotingCommand> shorter = _broker.PullAsync("g", "Waits", 1, 0, PullMessageRequestHeader.SuspendFlag, 50);
        await ParkedAsync(2);
        _time.Advance(TimeSpan.FromSeconds(1));
        RemotingCommand first = await shorter;
        _broker.Host.Modules.Pulls.Parked.Count.Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        RemotingCommand second = await longer;
        Task<RemotingCommand> later = _broker.PullAsync("g", "Waits", 1, 0, PullMessageRequestHeader.SuspendFlag, 50);
        await ParkedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        RemotingCommand afterNobodyWaited = await later;

        new[] { first, second, afterNobodyWaited }.Select(static answer => answer.Code).Should().AllBeEquivalentTo(ResponseCode.PullNotFound);
    }

    [Theory]
    [InlineData(5, ResponseCode.PullOffsetMoved, "1")]
    [InlineData(1, ResponseCode.PullNotFound, "1")]
    public async Task Pull_OffsetBeyondTheEnd_IsCorrected(long offset, int code, string next)
    {
        await _broker.SendAsync("Beyond", "one");
        await _broker.SubscribeAsync("g", "Beyond");

        RemotingCommand answer = await _broker.PullAsync("g", "Beyond", 0, offset);

        answer.Code.Should().Be(code);
        answer.Get("nextBeginOffset").Should().Be(next);
    }

    [Fact]
    public async Task Pull_EmptyQueueStaleOffset_IsMovedToZeroNotHeld()
    {
        await _broker.CreateTopicAsync("Empty");
        await _broker.SubscribeAsync("g", "Empty");

        RemotingCommand answer = await _broker.PullAsync("g", "Empty", 0, 9, PullMessageRequestHeader.SuspendFlag, 60_000);

        answer.Code.Should().Be(ResponseCode.PullOffsetMoved);
        answer.Get("nextBeginOffset").Should().Be("0");
    }

    [Fact]
    public async Task Pull_CommitFlag_StoresTheOffset()
    {
        await _broker.SendAsync("Commit", "one");
        await _broker.SubscribeAsync("g", "Commit");

        await _broker.PullAsync("g", "Commit", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);

        RemotingCommand offset = await _broker.InvokeAsync(Requests.Progress("g", "Commit", 0));
        offset.Get("offset").Should().Be("1");
    }

    [Fact]
    public async Task Pull_CommitFlagAndANegativeOffset_LeavesProgressAsItIs()
    {
        await _broker.SendAsync("Commit", "one");
        await _broker.SubscribeAsync("g", "Commit");
        await _broker.PullAsync("g", "Commit", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);

        RemotingCommand answer = await _broker.PullAsync("g", "Commit", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: -1);

        answer.Code.Should().Be(ResponseCode.Success, "the messages are what it asks for");
        _broker.Host.Modules.Offsets.Consumers.Query("Commit", "g", 0).Should().Be(1);
    }

    [Theory]
    [InlineData(RequestCode.PullMessage)]
    [InlineData(RequestCode.LitePullMessage)]
    public async Task Pull_CommitFlagWithoutAnOffset_IsRefusedAndLeavesProgressAsItIs(int code)
    {
        await _broker.SendAsync("Commit", "one");
        await _broker.SubscribeAsync("g", "Commit");
        await _broker.PullAsync("g", "Commit", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);
        RemotingCommand pull = Requests.Pull("g", "Commit", 0, 0, PullMessageRequestHeader.CommitOffsetFlag);
        pull.Code = code;
        pull.ExtFields!.Remove("commitOffset");

        RemotingCommand answer = await _broker.InvokeAsync(pull);

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "the custom field <commitOffset> is null"));
        _broker.Host.Modules.Offsets.Consumers.Query("Commit", "g", 0).Should().Be(1);
    }

    [Fact]
    public async Task Pull_BeforeTheHeartbeat_IsRefusedUntilItCame()
    {
        await _broker.SendAsync("Late", "one");

        (await _broker.PullAsync("late-group", "Late", 0, 0)).Code.Should().Be(ResponseCode.SubscriptionNotExist);
        await _broker.SubscribeAsync("late-group", "Late");
        (await _broker.PullAsync("late-group", "Late", 0, 0)).Code.Should().Be(ResponseCode.Success);
    }

    [Theory]
    [InlineData(5, "TAG", ResponseCode.Success, "a")]
    [InlineData(6, "TAG", ResponseCode.Success, "a,b")]
    [InlineData(6, "SQL92", ResponseCode.SubscriptionNotLatest, "")]
    public async Task Pull_OfAJavaClientWhoseHeartbeatHadVersion5_NewerIsServedUnfilteredWhereItFiltersItself(long version, string type, int code, string bodies)
    {
        await _broker.SendAsync("Newer", "a", properties: Requests.Properties(("TAGS", "A")));
        await _broker.SendAsync("Newer", "b", properties: Requests.Properties(("TAGS", "B")));
        RemotingCommand pull = Requests.Pull("java-group", "Newer", 0, 0).Set("subVersion", version).Set("expressionType", type);
        // Plain frames name Java as their language.
        await using RawConnection java = await RawConnection.ConnectAsync(_broker.Address);
        await java.RequestAsync(
            RequestCode.HeartBeat, body: Requests.Heartbeat("java-group", "Newer", "A", "java-client", version: 5).Body);

        RawFrame answer = await java.RequestAsync(RequestCode.PullMessage, pull.ExtFields);

        answer.Code.Should().Be(code);
        RawMessage.DecodeAll(answer.Body).Select(static message => Encoding.UTF8.GetString(message.Body.Span)).Should().Equal(bodies.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Pull_OfAnotherClientNewerThanItsHeartbeat_IsRefusedUntilTheNextOne()
    {
        await _broker.SendAsync("Refused", "a");
        RemotingCommand pull = Requests.Pull("other-group", "Refused", 0, 0).Set("subVersion", 6L);
        await _broker.SubscribeAsync("other-group", "Refused", version: 5);

        RemotingCommand before = await _broker.InvokeAsync(pull);
        await _broker.SubscribeAsync("other-group", "Refused", version: 6);
        RemotingCommand after = await _broker.InvokeAsync(pull);

        before.Code.Should().Be(ResponseCode.SubscriptionNotLatest);
        after.Code.Should().Be(ResponseCode.Success, after.Remark);
    }

    [Fact]
    public async Task Pull_OfMoreNewGroupsThanAConnectionMayMake_IsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxGroupsPerConnection"] = "3" });
        await broker.SendAsync("T", "one");
        await broker.SubscribeAsync("member", "T");
        foreach (string group in (string[])["first", "second", "first"])
        {
            (await PullAsync(group)).Code.Should().Be(ResponseCode.Success);
        }

        RemotingCommand refused = await PullAsync("third");

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("maxGroupsPerConnection");
        broker.Host.Modules.Groups.Groups.TryGet("third", out _).Should().BeFalse();
        (await PullAsync("second")).Code.Should().Be(ResponseCode.Success, "what is there is pulled from");

        Task<RemotingCommand> PullAsync(string group) => broker.PullAsync(group, "T", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");
    }

    /// <summary>Each connection begins anew: what all of them make is limited for the broker.</summary>
    [Fact]
    public async Task Pull_OfMoreNewGroupsThanTheBrokerMayHave_IsRefusedWhicheverConnectionAsks()
    {
        await using TestBroker counted = await TestBroker.StartAsync();
        int most = counted.Host.Modules.Groups.Groups.Count + 3;
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxGroups"] = most.ToString(CultureInfo.InvariantCulture) });
        await broker.SendAsync("T", "one");
        foreach (string group in (string[])["first", "second", "third"])
        {
            (await PullAsync(group)).Code.Should().Be(ResponseCode.Success);
        }

        RemotingCommand refused = await PullAsync("fourth");

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("maxGroups,");
        broker.Host.Modules.Groups.Groups.TryGet("fourth", out _).Should().BeFalse();
        (await PullAsync("first")).Code.Should().Be(ResponseCode.Success, "what is there is pulled from");

        async Task<RemotingCommand> PullAsync(string group)
        {
            await using RemotingClient client = TestBroker.NewClient();
            return await client.InvokeAsync(
                broker.Address, Requests.Pull(group, "T", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*"), Eventually.DefaultDeadline);
        }
    }

    [Fact]
    public async Task Pull_SubscriptionInTheRequest_NeedsNoHeartbeat()
    {
        await _broker.SendAsync("Own", "a", properties: Requests.Properties(("TAGS", "A")));
        await _broker.SendAsync("Own", "b", properties: Requests.Properties(("TAGS", "B")));

        RemotingCommand answer = await _broker.PullAsync("own-group", "Own", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "B");

        Requests.Decode(answer).Select(static message => message.Body).Should().Equal("b");
    }

    [Fact]
    public async Task Pull_LargeMessages_ComeWhole()
    {
        string large = new('x', 1_000_000);
        await _broker.SendAsync("Large", large);
        await _broker.SubscribeAsync("g", "Large");

        Requests.Decode(await _broker.PullAsync("g", "Large", 0, 0)).Should().ContainSingle().Which.Body.Should().Be(large);
    }

    [Fact]
    public async Task Pull_OlderThanTheMemoryTail_ComesFromTheFiles()
    {
        // 24 MiB over two log files of 16 MiB, more than the tail of 16 MiB holds.
        for (int i = 0; i < 24; i++)
        {
            await _broker.SendAsync("Old", $"{i:00}{new string('x', 1024 * 1024)}");
        }

        await _broker.SubscribeAsync("g", "Old");
        for (int i = 0; i < 24; i++)
        {
            RemotingCommand answer = await _broker.PullAsync("g", "Old", 0, i, max: 1);
            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
            Requests.Decode(answer)[0].Body.Should().StartWith($"{i:00}").And.HaveLength(2 + (1024 * 1024));
        }
    }

    private Task ParkedAsync(int pulls) => Eventually.TrueAsync(() => _broker.Host.Modules.Pulls.Parked.Count == pulls, "the pull is parked");
}
