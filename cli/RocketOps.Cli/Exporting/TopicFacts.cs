using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Topics;

namespace RocketOps.Cli.Exporting;

/// <summary>A broker's topic in the words of a Topic object.</summary>
internal static class TopicFacts
{
    private const int MaxQueues = 1024;
    private const string UsualFilter = "SINGLE_TAG";

    public static BrokerFacts Of(TopicConfig topic)
    {
        List<string> beyond = [];
        bool isSaid = true;
        int readQueues = Within(topic.ReadQueues, "readQueues", MaxQueues);
        int writeQueues = Within(topic.WriteQueues, "writeQueues", MaxQueues);
        if (writeQueues > readQueues)
        {
            Unsaid($"writeQueues is {writeQueues} and readQueues {readQueues}: consumers never see the messages of the queues above");
            writeQueues = readQueues;
        }

        Operator.Entities.TopicPermission permission = (Operator.Entities.TopicPermission)(int)topic.Permission;
        if (!Enum.IsDefined(permission))
        {
            Unsaid(string.Create(CultureInfo.InvariantCulture, $"permission is {(int)topic.Permission}, none of ReadWrite (6), Read (4) and Write (2)"));
            permission = Operator.Entities.TopicPermission.ReadWrite;
        }

        string wireType = topic.Attributes?.GetValueOrDefault(TopicSettings.MessageTypeAttribute) ?? TopicSettings.DefaultMessageType;
        TopicMessageType[] types = [.. Enum.GetValues<TopicMessageType>().Where(type => TopicSettings.WireName(type) == wireType)];
        if (types.Length == 0)
        {
            Unsaid($"message.type is {NoteText.Quote(wireType)}, for which there is no messageType");
        }

        if (topic.IsStatic)
        {
            Unsaid("it is a static topic: which queues of which brokers make it is no part of an object");
        }

        if (topic.FilterType != UsualFilter)
        {
            beyond.Add($"topicFilterType is {NoteText.Quote(topic.FilterType)}, which an object does not say: it stays as it is");
        }

        if (topic.SysFlag != 0)
        {
            beyond.Add(string.Create(CultureInfo.InvariantCulture, $"topicSysFlag is {topic.SysFlag}, which an object does not say: it stays as it is"));
        }

        foreach ((string name, string value) in (topic.Attributes ?? new Dictionary<string, string>(StringComparer.Ordinal))
            .Where(static attribute => attribute.Key != TopicSettings.MessageTypeAttribute).OrderBy(static attribute => attribute.Key, StringComparer.Ordinal))
        {
            beyond.Add($"attribute {NoteText.Quote(name)} is {NoteText.Quote(value)}, which an object does not say: it stays as it is");
        }

        JsonObject spec = new()
        {
            ["readQueues"] = readQueues,
            ["writeQueues"] = writeQueues,
            ["permission"] = permission.ToString(),
            ["messageType"] = (types is [TopicMessageType type, ..] ? type : TopicMessageType.Normal).ToString(),
        };
        if (topic.Order)
        {
            spec["order"] = true;
        }

        return new BrokerFacts(spec.ToJsonString(), string.Join('\n', beyond), isSaid);

        int Within(int queues, string name, int most)
        {
            int bounded = Math.Clamp(queues, 1, most);
            if (bounded != queues)
            {
                Unsaid(string.Create(CultureInfo.InvariantCulture, $"{name} is {queues}, which is not from 1 to {most}"));
            }

            return bounded;
        }

        void Unsaid(string what)
        {
            beyond.Add(what);
            isSaid = false;
        }
    }
}
