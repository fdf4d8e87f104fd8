using System.Globalization;

namespace RocketOps.Embedded.Api.Resources;

/// <summary>What rules may ask about the request they run in. <see cref="ServiceAddresses"/> is null outside of writes.</summary>
internal sealed record RulesContext(ResourceDefinition Resource, DateTimeOffset Now, IServiceAddresses? ServiceAddresses = null)
{
    public string NowText => Timestamp(Now);

    /// <summary>Whole seconds, UTC, as metadata timestamps are written.</summary>
    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
