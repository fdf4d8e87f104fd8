using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A transactional producer on a connection of its own: sends halves, ends them, collects the questions it is asked.</summary>
internal sealed class Producer : IAsyncDisposable
{
    public const int Commit = 8;
    private const int Rollback = 12;

    private readonly RemotingClient _client;
    private readonly string _address;
    private readonly string _group;

    private Producer(string address, string group)
    {
        _address = address;
        _group = group;
        _client = TestBroker.NewClient(new RequestHandlerRegistry().Add(RequestCode.CheckTransactionState, new Collecting(Questions)));
    }

    /// <summary>What it has been asked.</summary>
    public ConcurrentQueue<RemotingCommand> Questions { get; } = [];

    /// <summary>Connects and says which group it belongs to.</summary>
    public static async Task<Producer> StartAsync(TestBroker broker, string group)
    {
        Producer producer = new(broker.Address, group);
        (await producer.InvokeAsync(Requests.ProducerHeartbeat($"{group}-client", group))).Code.Should().Be(ResponseCode.Success);
        return producer;
    }

    /// <summary>Sends a half; the answer has its place among the halves.</summary>
    public async Task<RemotingCommand> SendHalfAsync(string topic, string body, DateTimeOffset born, int queueId = 0, params (string Name, string Value)[] properties)
    {
        RemotingCommand request = Requests.Send(topic, body, queueId, Requests.Properties([("TRAN_MSG", "true"), ("PGROUP", _group), ("UNIQ_KEY", $"key-{body.AsSpan(0, Math.Min(body.Length, 64))}"), .. properties]), _group)
            .Set("f", 4)
            .Set("g", born.ToUnixTimeMilliseconds());
        RemotingCommand answer = await InvokeAsync(request);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return answer;
    }

    public Task<RemotingCommand> CommitAsync(RemotingCommand half) => InvokeAsync(End(half, Commit));

    public Task<RemotingCommand> RollBackAsync(RemotingCommand half) => InvokeAsync(End(half, Rollback));

    /// <summary>Answers a question it was asked with a commit.</summary>
    public Task<RemotingCommand> AnswerAsync(RemotingCommand question) => InvokeAsync(
        End(_group, long.Parse(question.GetRequired("tranStateTableOffset"), CultureInfo.InvariantCulture), long.Parse(question.GetRequired("commitLogOffset"), CultureInfo.InvariantCulture), Commit)
            .Set("fromTransactionCheck", true));

    /// <summary>The end of a half as the answer to its send describes it.</summary>
    public RemotingCommand End(RemotingCommand half, int what) =>
        End(_group, long.Parse(half.GetRequired("queueOffset"), CultureInfo.InvariantCulture), long.Parse(half.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture), what);

    public static RemotingCommand End(string group, long halfOffset, long commitLogOffset, int what) =>
        RemotingCommand.CreateRequest(RequestCode.EndTransaction)
            .Set("producerGroup", group)
            .Set("tranStateTableOffset", halfOffset)
            .Set("commitLogOffset", commitLogOffset)
            .Set("commitOrRollback", what)
            .Set("msgId", "unused");

    public Task<RemotingCommand> InvokeAsync(RemotingCommand request) => _client.InvokeAsync(_address, request, TimeSpan.FromSeconds(90));

    public Task InvokeOneWayAsync(RemotingCommand request) => _client.InvokeOneWayAsync(_address, request);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private sealed class Collecting(ConcurrentQueue<RemotingCommand> questions) : AsyncRequestHandler
    {
        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            questions.Enqueue(request);
            return ValueTask.FromResult<RemotingCommand?>(null);
        }
    }
}
