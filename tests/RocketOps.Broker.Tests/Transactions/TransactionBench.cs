using System.Globalization;
using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Transactions;

/// <summary>The settings with which tests of transactions start a broker, and how they look at what it has stored.</summary>
internal static class TransactionBench
{
    public const string HalfTopic = "RMQ_SYS_TRANS_HALF_TOPIC";
    public const string OpTopic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
    public const string GivenUpTopic = "TRANS_CHECK_MAX_TIME_TOPIC";

    /// <summary>No questions during the test.</summary>
    public static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "3600000" };

    /// <summary>Questions from the first moment on, however many.</summary>
    public static readonly Dictionary<string, string> Curious = new(StringComparer.Ordinal)
    {
        ["transactionCheckInterval"] = "100",
        ["transactionTimeOut"] = "0",
        ["transactionCheckMax"] = "1000000",
    };

    public static long OffsetOf(RemotingCommand sent) => long.Parse(sent.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Every half is behind the progress, and every op.</summary>
    public static Task SettledAsync(TestBroker broker) => Eventually.TrueAsync(
        async () => await EndAsync(broker, HalfTopic) == broker.Host.Modules.Offsets.Consumers.Query(HalfTopic, "CID_RMQ_SYS_TRANS", 0)
            && await EndAsync(broker, OpTopic) == broker.Host.Modules.Offsets.Consumers.Query(OpTopic, "CID_RMQ_SYS_TRANS", 0),
        "all halves are settled");

    public static async Task<long> EndAsync(TestBroker broker, string topic) =>
        (await broker.Host.Modules.Host.Store.Reader.GetOffsetsAsync(broker.Host.Modules.Host.Store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), 0, CancellationToken.None)).Max;

    public static async Task<IReadOnlyList<Requests.Received>> ReadAsync(TestBroker broker, string topic, int queueId, long offset = 0)
    {
        RemotingCommand answer = await broker.PullAsync("reader", topic, queueId, offset, sysFlag: 4, subscription: "*");
        return answer.Code == ResponseCode.Success ? Requests.Decode(answer) : [];
    }

    public static async Task<(int SysFlag, long Prepared)> RecordAsync(TestBroker broker, Requests.Received message)
    {
        byte[]? bytes = await broker.Host.Modules.Host.Store.Reader.LookMessageAsync(new PhysicalOffset(message.PhysicalOffset), CancellationToken.None);
        RecordView record = RecordView.Read(bytes);
        return (record.SysFlag, record.PreparedTransactionOffset);
    }
}
