using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Sending;

/// <summary>Options of sends, and what producers and messages are told of this broker.</summary>
internal sealed class SendOptions(PropertyValues values) : IFeatureOptions<SendOptions>
{
    /// <summary>Largest value of <c>maxMessageSize</c>, in bytes.</summary>
    public const int LargestMaxMessageSize = 15 * 1024 * 1024;

    public int MaxMessageSize { get; } = values.Get(Keys.MaxMessageSize);

    public long StartAcceptSendTimestamp { get; } = values.Get(Keys.StartAcceptSendRequestTimeStamp);

    public string RegionId { get; } = values.Get(Keys.RegionId);

    public byte[] RegionIdUtf8 { get; } = Encoding.UTF8.GetBytes(values.Get(Keys.RegionId));

    public bool TraceOn { get; } = values.Get(Keys.TraceOn);

    public bool StoreReplies { get; } = values.Get(Keys.StoreReplyMessageEnable);

    public static SendOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> MaxMessageSize = CappedInt32(
            "maxMessageSize", 4 * 1024 * 1024, 1, LargestMaxMessageSize,
            description: "Largest body in bytes that is taken from clients. A frame holds at most 16 MiB. Beyond 6 MB it costs " +
                "memory, also after it was lowered (config/largestBody).");

        public static readonly PropertyDefinition<long> StartAcceptSendRequestTimeStamp = Int64(
            "startAcceptSendRequestTimeStamp", 0, live: true,
            description: "Sends before this time (ms since 1970) are refused.");

        public static readonly PropertyDefinition<string> RegionId = Text(
            "regionId", "DefaultRegion", live: true,
            description: "Region told to producers and stored in messages.");

        public static readonly PropertyDefinition<bool> TraceOn = Boolean(
            "traceOn", true, live: true,
            description: "Told to producers with every send.");

        public static readonly PropertyDefinition<bool> StoreReplyMessageEnable = Boolean(
            "storeReplyMessageEnable", true, live: true,
            description: "Replies to requests are stored, besides being handed to the client that waits.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            MaxMessageSize, StartAcceptSendRequestTimeStamp, RegionId, TraceOn, StoreReplyMessageEnable,
        ];
    }
}
