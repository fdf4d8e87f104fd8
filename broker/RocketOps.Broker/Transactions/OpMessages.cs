using System.Buffers.Text;
using System.Globalization;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Ops: messages with the tag <c>d</c> whose body has the queue offsets of settled halves as decimal text. 4.9 writes and reads one offset each, 5.x several with a comma
/// behind each. One each, without comma, is what both read. Source: remoting.md §5.4.
/// </summary>
internal static class OpMessages
{
    private const string Settled = "d";

    public static OwnedMessage Write(TransactionTopics topics, BrokerAddress address, long halfOffset, DateTimeOffset now) => new()
    {
        Topic = topics.Op,
        QueueId = TransactionTopics.Queue,
        Fields = new() { BornTimestamp = now.ToUnixTimeMilliseconds(), BornHost = address.StoreHost, StoreHost = address.StoreHost },
        Body = Encoding.ASCII.GetBytes(halfOffset.ToString(CultureInfo.InvariantCulture)),
        Properties = new MessageProperties().Set(PropertyNames.Tags, Settled).Encode(),
    };

    /// <summary>Adds the offsets of the halves that the op settles; what is no number is passed over.</summary>
    public static void Read(in RecordView op, List<long> halves)
    {
        if (!string.Equals(MessageProperties.Parse(op.Properties).Get(PropertyNames.Tags), Settled, StringComparison.Ordinal))
        {
            return;
        }

        ReadOnlySpan<byte> body = op.Body;
        foreach (Range part in body.Split((byte)','))
        {
            ReadOnlySpan<byte> text = body[part].Trim((byte)' ');
            if (Utf8Parser.TryParse(text, out long offset, out int used) && used == text.Length && offset >= 0)
            {
                halves.Add(offset);
            }
        }
    }
}
