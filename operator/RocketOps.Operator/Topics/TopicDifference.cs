using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;

namespace RocketOps.Operator.Topics;

/// <summary>Says field by field how a topic on brokers differs from what its object asks for.</summary>
internal static class TopicDifference
{
    /// <summary><c>on a-0, a-1: readQueues is 16, not 8; permission is Read, not ReadWrite</c>, brokers that differ alike together.</summary>
    public static string Describe(TopicSettings wanted, IEnumerable<(string Broker, TopicSettings Found)> brokers) =>
        AlikeBrokers.Describe(brokers.Select(broker => (broker.Broker, Fields(wanted, broker.Found))));

    private static string Fields(TopicSettings wanted, TopicSettings found)
    {
        (string Name, string Found, string Wanted)[] fields =
        [
            ("readQueues", Text(found.ReadQueues), Text(wanted.ReadQueues)),
            ("writeQueues", Text(found.WriteQueues), Text(wanted.WriteQueues)),
            ("permission", Permission(found.Permission), Permission(wanted.Permission)),
            ("messageType", found.MessageType, wanted.MessageType),
            ("order", Text(found.Order), Text(wanted.Order)),
        ];
        return string.Join("; ", fields.Where(static field => field.Found != field.Wanted).Select(static field => $"{field.Name} is {field.Found}, not {field.Wanted}"));
    }

    private static string Text(bool flag) => flag ? "true" : "false";

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Permission(int bits) => Enum.IsDefined((TopicPermission)bits) ? ((TopicPermission)bits).ToString() : Text(bits);
}
