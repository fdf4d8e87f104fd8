using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using RocketOps.Client;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>RocketOps.Client as a member of the matrix.</summary>
public sealed class OurClient(string nameServer) : IForeignClient
{
    private const int BodyBytes = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public string Name => "rocketops-client";

    public async Task<IReadOnlyList<ClientMessage>> SendAsync(
        string topic, int count, IReadOnlyList<string> tags, string keyPrefix, IReadOnlyDictionary<string, string> properties)
    {
        List<ClientMessage> sent = [];
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = nameServer, Group = "interop_our_producer", SendTimeout = Patience, RequestTimeout = Patience });
        for (int i = 0; i < count; i++)
        {
            byte[] body = RandomNumberGenerator.GetBytes(BodyBytes);
            Message message = new(topic, body, tags[i % tags.Count], $"{keyPrefix}-{i}");
            foreach ((string key, string value) in properties)
            {
                message.SetProperty(key, value);
            }

            SendResult result = await producer.SendAsync(message);
            result.Status.Should().Be(SendStatus.SendOk);
            sent.Add(new ClientMessage(message.Tag, message.Keys, Sha256(body), body.Length, properties));
        }

        return sent;
    }

    public async Task SendTextAsync(string topic, string body)
    {
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = nameServer, Group = "interop_our_producer", SendTimeout = Patience, RequestTimeout = Patience });
        SendResult result = await producer.SendAsync(new Message(topic, Encoding.UTF8.GetBytes(body)));
        result.Status.Should().Be(SendStatus.SendOk);
    }

    public async Task<IReadOnlyList<ClientMessage>> ReceiveAsync(string topic, string group, int count, string tagExpression = "*")
    {
        ConcurrentQueue<ClientMessage> received = [];
        PushConsumerOptions options = new() { NameServers = nameServer, Group = group, RequestTimeout = Patience, PullTimeout = Patience, ConsumeFromWhere = ConsumeFromWhere.FirstOffset };
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(options, topic, tagExpression, message =>
        {
            string? tag = message.Properties.GetValueOrDefault("TAGS");
            string? keys = message.Properties.GetValueOrDefault("KEYS");
            received.Enqueue(new ClientMessage(tag, keys, Sha256(message.Body.Span), message.Body.Length, message.Properties));
        });
        await Eventually.TrueAsync(() => received.Count >= count, $"{Name} receives {count} messages of {topic}", Patience);
        await consumer.StopAsync();
        return [.. received];
    }

    private static string Sha256(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));
}
