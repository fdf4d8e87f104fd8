using System.Buffers.Text;
using System.Text;

namespace RocketOps.Client.Producing;

/// <summary>
/// Handle that a broker gives for a message that waits for its time: URL-safe base64 of <c>v1 topic broker time id</c>. Matches
/// RecallMessageHandle. Source: remoting.md §5.2.
/// </summary>
/// <param name="Topic">Topic it is meant for.</param>
/// <param name="BrokerName">Broker that has it.</param>
/// <param name="MessageId">Its unique key.</param>
internal readonly record struct RecallHandle(string Topic, string BrokerName, string MessageId)
{
    private const string Version = "v1";

    /// <summary>Longer texts are no handle: of its parts only topic and broker name have any length.</summary>
    private const int MaxChars = 2048;

    /// <summary>Throws <see cref="ArgumentException"/> for what no broker wrote.</summary>
    public static RecallHandle Parse(string handle, string parameter)
    {
        if (handle.Length <= MaxChars && Base64Url.IsValid(handle))
        {
            string[] parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(handle)).Split(' ');
            if (parts is [Version, { Length: > 0 } topic, { Length: > 0 } broker, _, var id])
            {
                return new RecallHandle(topic, broker, id);
            }
        }

        throw new ArgumentException($"\"{(handle.Length <= MaxChars ? handle : handle[..MaxChars] + "…")}\" is no handle of a message that can be recalled: take {nameof(SendResult)}.{nameof(SendResult.RecallHandle)}", parameter);
    }
}
