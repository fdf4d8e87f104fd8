using System.Globalization;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Messages sent by each client library are received by each of the others, unchanged.</summary>
public abstract class ClientMatrixTests(ServerFixture fixture)
{
    private const int MessagesPerSender = 6;

    private static readonly string[] Tags = ["TagA", "TagB", "TagC"];

    private static readonly Dictionary<string, string> Properties = new(StringComparer.Ordinal)
    {
        ["text"] = "ключ 値 🚀",
        ["blank inside"] = "a = b",
    };

    private ServerUnderTest Server => fixture.Server;

    [SkippableFact]
    public async Task Send_ByEachLibrary_ReceivedByEveryOtherUnchanged()
    {
        List<IForeignClient> clients = CreateClients();
        string topic = await CreateTopicAsync("Matrix");
        List<ClientMessage> sent = [];

        foreach (IForeignClient sender in clients)
        {
            sent.AddRange(await sender.SendAsync(topic, MessagesPerSender, Tags, sender.Name, Properties));
        }

        sent.Should().HaveCount(clients.Count * MessagesPerSender);
        List<ClientMessage> first = [];
        foreach (IForeignClient receiver in clients)
        {
            IReadOnlyList<ClientMessage> received = await receiver.ReceiveAsync(topic, $"g_{topic}_{Identifier(receiver)}", sent.Count);

            received.Select(Essence).Should().BeEquivalentTo(sent.Select(Essence), "{0} receives what was sent: tags, keys, body", receiver.Name);
            foreach (ClientMessage message in received)
            {
                message.Properties.Should().Contain(Properties, "{0} receives the user properties of {1}", receiver.Name, message.Keys);
            }

            // Everything that travels, also what the sending library and the broker added, looks the same to every receiver.
            first = first.Count == 0 ? [.. received] : first;
            received.Select(WithProperties).Should().BeEquivalentTo(first.Select(WithProperties), "{0} and {1} see the same", receiver.Name, clients[0].Name);
        }
    }

    [SkippableFact]
    public async Task Subscribe_ByTag_ReceivesOnlyThatTagOfEverySender()
    {
        List<IForeignClient> clients = CreateClients();
        string topic = await CreateTopicAsync("MatrixTags");
        List<ClientMessage> wanted = [];
        foreach (IForeignClient sender in clients)
        {
            IReadOnlyList<ClientMessage> sent = await sender.SendAsync(topic, MessagesPerSender, Tags, sender.Name, Properties);
            wanted.AddRange(sent.Where(message => message.Tag is "TagA" or "TagC"));
        }

        wanted.Should().HaveCount(clients.Count * MessagesPerSender * 2 / 3);
        foreach (IForeignClient receiver in clients)
        {
            IReadOnlyList<ClientMessage> received =
                await receiver.ReceiveAsync(topic, $"g_{topic}_{Identifier(receiver)}", wanted.Count, "TagA || TagC");

            received.Select(Essence).Should().BeEquivalentTo(wanted.Select(Essence), "{0} subscribed to two of three tags", receiver.Name);
        }
    }

    private List<IForeignClient> CreateClients()
    {
        string? noNode = SharedKits.WhyMissing(Path.Combine(NodeClient.Folder, "node_modules"));
        Kit.RequireWhat(noNode is null ? null : $"{noNode}: npm ci in tests/interop-node installs it");
        string nameServer = Server.NameServerAddress;
        return
        [
            new JavaMatrixClient(ApacheServer.Version4, nameServer),
            new JavaMatrixClient(ApacheServer.Version5, nameServer),
            new NodeClient(nameServer),
            new OurClient(nameServer),
        ];
    }

    private async Task<string> CreateTopicAsync(string name)
    {
        await Topics.CreateAsync(Server, name, queues: 4);
        return name;
    }

    private static string Essence(ClientMessage message) =>
        string.Create(CultureInfo.InvariantCulture, $"{message.Tag} {message.Keys} {message.BodySize} {message.BodySha256}");

    private static string WithProperties(ClientMessage message) => $"{Essence(message)} {message.TravelledProperties}";

    private static string Identifier(IForeignClient client) => client.Name.Replace('.', '_').Replace('-', '_');
}
