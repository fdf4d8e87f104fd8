namespace RocketOps.Client.Subscriptions;

/// <summary>The topic that messages come back on.</summary>
internal static class RetryTopic
{
    public const string Prefix = "%RETRY%";

    public static string Of(string group) => Prefix + group;
}
