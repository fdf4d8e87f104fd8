namespace RocketOps.Interop.Tests.Clients;

/// <summary>A client library behind one face: what the matrix of senders and receivers is made of.</summary>
public interface IForeignClient
{
    string Name { get; }

    /// <summary>
    /// Sends messages with random bodies, tags cycled, keys <c>&lt;prefix&gt;-&lt;number&gt;</c> and the given user properties; throws unless all are acknowledged.
    /// </summary>
    Task<IReadOnlyList<ClientMessage>> SendAsync(
        string topic, int count, IReadOnlyList<string> tags, string keyPrefix, IReadOnlyDictionary<string, string> properties);

    /// <summary>Sends one message with this text as its body.</summary>
    Task SendTextAsync(string topic, string body);

    /// <summary>Consumes, from the first message on, exactly <paramref name="count"/> messages in a new group; throws when they do not come.</summary>
    Task<IReadOnlyList<ClientMessage>> ReceiveAsync(string topic, string group, int count, string tagExpression = "*");
}
