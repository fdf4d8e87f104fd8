using System.Globalization;
using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>
/// What requests come to hold that is more than their bytes, large messages that small ones name for instance: while they wait for the disk, or for a client, it counts for the connection that sent them. Nothing
/// else of this size is counted: messages that are sent are not held once they lie in the log.
/// </summary>
public sealed class HeldMessagesTests : IAsyncLifetime, IDisposable
{
    private const int BodyBytes = 1024 * 1024;
    private const int AtOnce = 6;

    private static readonly string Body = new('x', BodyBytes);

    private readonly Gate _gate = new();
    private readonly GatedFileSystem _files = new(new LinuxFileSystem());
    private readonly TempDirectory _directory = new("held-");
    private TestBroker _broker = null!;

    public async Task InitializeAsync()
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["flushDiskType"] = "SYNC_FLUSH",
            ["syncFlushTimeout"] = "180000",
            ["transactionCheckInterval"] = "3600000",
        };
        _broker = await TestBroker.StartAsync(settings, _directory, fileSystem: _files);
    }

    public async Task DisposeAsync()
    {
        _gate.Open();
        await _broker.DisposeAsync();
    }

    public void Dispose()
    {
        _gate.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task SendBacks_ThatWaitForTheDisk_AreCounted()
    {
        long offset = OffsetOf(await _broker.SendAsync("T", Body));
        await _broker.SubscribeAsync("g", "T");
        (await _broker.InvokeAsync(SendBack(offset))).Code.Should().Be(ResponseCode.Success);

        await HeldAsync(AtOnce * BodyBytes, () => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => _broker.InvokeAsync(SendBack(offset)))));
    }

    [Fact]
    public async Task EndOfATransaction_ThatWaitsForTheDisk_IsCounted()
    {
        await using Producer producer = await Producer.StartAsync(_broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", Body, DateTimeOffset.UtcNow);

        await HeldAsync(BodyBytes, async () => [await producer.CommitAsync(half)]);
    }

    [Fact]
    public async Task ResumedHalf_ThatWaitsForTheDisk_IsCounted()
    {
        TopicState topic = await _broker.Host.Modules.Topics.Topics.GetOrCreateInternalAsync(TopicNames.TransactionCheckMaxTime, 1);
        OwnedMessage givenUp = new()
        {
            Topic = topic.StoreTopic,
            QueueId = 0,
            Body = Encoding.UTF8.GetBytes(Body),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties(("TRAN_MSG", "true"), ("PGROUP", "pg"), ("REAL_TOPIC", "Paid"), ("REAL_QID", "0"))),
        };
        AppendOutcome kept = await _broker.Host.Modules.Messages.Appender.AppendAsync(givenUp, waitForDisk: true);
        string id = OffsetMessageId.Format(_broker.Host.Modules.Host.Address.StoreHost, kept.Result.Offset);

        await HeldAsync(BodyBytes, async () => [await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", id))]);
    }

    [Fact]
    public async Task ConsumeDirectly_UntilTheMemberAnswers_IsCounted()
    {
        RemotingCommand sent = await _broker.SendAsync("T", Body);
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RemotingClient member = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.ConsumeMessageDirectly, new Slow(reached, go.Task)));
        RemotingCommand heartbeat = Requests.Heartbeat("g", "T", "*", "member", version: 1);
        (await member.InvokeAsync(_broker.Address, heartbeat, Eventually.DefaultDeadline)).Code.Should().Be(ResponseCode.Success);

        Task<RemotingCommand> asked = _broker.InvokeAsync(
            RemotingCommand.CreateRequest(RequestCode.ConsumeMessageDirectly).Set("consumerGroup", "g").Set("clientId", "member").Set("msgId", sent.GetRequired("msgId")));
        await reached.Task;

        _broker.Host.HeldBytes.Should().BeGreaterThan(2 * BodyBytes);
        go.SetResult();
        (await asked).Remark.Should().Be("consumed");
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "everything is given back");
    }

    [Fact]
    public async Task QueryByKey_WhileItReadsTheNextMessage_IsCountedWithThoseItHasAndItsAnswer()
    {
        for (int i = 0; i < 3; i++)
        {
            await _broker.SendAsync("T", Body, properties: Requests.Properties(("KEYS", "k")));
        }

        await ReopenAsync();

        await HeldWhileReadingAsync(
            4 * BodyBytes,
            RemotingCommand.CreateRequest(RequestCode.QueryMessage).Set("topic", "T").Set("key", "k").Set("maxNum", 64).Set("beginTimestamp", 0).Set("endTimestamp", long.MaxValue));
    }

    [Fact]
    public async Task ViewOfAMessage_WhileItIsRead_IsCounted()
    {
        long offset = OffsetOf(await _broker.SendAsync("T", Body));
        await ReopenAsync();

        await HeldWhileReadingAsync(BodyBytes, RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", offset));
    }

    [Fact]
    public async Task PullOfAMessageThatOnlyTheDiskHas_WhileItIsRead_IsCounted()
    {
        await _broker.SendAsync("T", Body);
        await ReopenAsync();
        await _broker.SubscribeAsync("g", "T");

        await HeldWhileReadingAsync(BodyBytes, Requests.Pull("g", "T", 0, 0));
    }

    /// <summary>As objects it takes many times its bytes: a frame of 16 MiB was gigabytes that nobody had counted.</summary>
    [Fact]
    public async Task Heartbeat_UntilItsGroupIsMade_IsCountedAsTheObjectsItHasBecome()
    {
        string subscriptions = string.Join(',', Enumerable.Range(0, 5_000).Select(static number => $$"""{"subString":"*","subVersion":1,"topic":"T{{number}}"}"""));
        RemotingCommand heartbeat = Requests.Heartbeat($$"""{"clientID":"c","consumerDataSet":[{"groupName":"g","messageModel":"CLUSTERING","subscriptionDataSet":[{{subscriptions}}]}]}""");
        _files.Before = (_, path) =>
        {
            if (path.Contains("subscriptionGroup.json", StringComparison.Ordinal))
            {
                _gate.Pass();
            }
        };

        Task<RemotingCommand> asked = _broker.InvokeAsync(heartbeat);

        await Eventually.TrueAsync(() => _broker.Host.HeldBytes > 5 * heartbeat.Body.Length, "its objects are counted");
        asked.IsCompleted.Should().BeFalse();
        _gate.Open();
        (await asked).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "everything is given back");
    }

    private static long OffsetOf(RemotingCommand sent) => long.Parse(sent.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static RemotingCommand SendBack(long offset) =>
        Requests.SendBack("g", offset);

    /// <summary>While no flush ends, so much is held for the requests; once they are answered nothing is.</summary>
    private async Task HeldAsync(long bytes, Func<Task<RemotingCommand[]>> ask)
    {
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "nothing is held");
        _files.BeforeFlush = _gate.Pass;
        Task<RemotingCommand[]> asked = ask();

        await Eventually.TrueAsync(() => _broker.Host.HeldBytes > bytes, "what is held is counted");
        asked.IsCompleted.Should().BeFalse();
        _gate.Open();
        (await asked).Should().OnlyContain(static answer => answer.Code == ResponseCode.Success);
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "everything is given back");
    }

    /// <summary>From here on what was sent is on the disk alone.</summary>
    private async Task ReopenAsync()
    {
        await _broker.DisposeAsync();
        await InitializeAsync();
        _files.IsCold = true;
    }

    /// <summary>At some moment the request reads of the log while more than so much is held for it; once it is answered nothing is.</summary>
    private async Task HeldWhileReadingAsync(long bytes, RemotingCommand request)
    {
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "nothing is held");
        _files.Before = (operation, path) =>
        {
            if (string.Equals(operation, "read", StringComparison.Ordinal) && path.Contains("/commitlog/", StringComparison.Ordinal) && _broker.Host.HeldBytes > bytes)
            {
                _gate.Pass();
            }
        };
        Task<RemotingCommand> asked = _broker.InvokeAsync(request);

        await Task.WhenAny(_gate.Reached, asked);

        _gate.Reached.IsCompleted.Should().BeTrue("what it holds and what it reads is counted before it is there");
        _gate.Open();
        (await asked).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => _broker.Host.HeldBytes == 0, "everything is given back");
    }

    private sealed class Slow(TaskCompletionSource reached, Task go) : AsyncRequestHandler
    {
        public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            reached.TrySetResult();
            await go;
            return RemotingCommand.CreateResponse(request, ResponseCode.Success, "consumed");
        }
    }
}
