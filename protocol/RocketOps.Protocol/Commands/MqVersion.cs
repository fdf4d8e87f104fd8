namespace RocketOps.Protocol.Commands;

/// <summary>Ordinals of RocketMQ releases as frames carry them, and the thresholds that behaviour depends on. Source: remoting.md §1.7.</summary>
public static class MqVersion
{
    /// <summary>3.0.7-SNAPSHOT: from here on clients take a pushed offset reset.</summary>
    public const int ResetOffsetByPush = 28;

    /// <summary>3.0.11: from here on REGISTER_BROKER carries filter servers, CRC and compression.</summary>
    public const int RegisterBodyWithFilterServers = 37;

    /// <summary>3.1.8-SNAPSHOT: from here on clients answer running-info requests.</summary>
    public const int ClientRunningInfo = 62;

    /// <summary>3.4.9: from here on the client's maxReconsumeTimes wins over the group's.</summary>
    public const int ClientMaxReconsumeTimes = 121;

    /// <summary>4.9.4: from here on route answers are standard JSON.</summary>
    public const int StandardRouteJson = 401;

    /// <summary>4.9.8: what a 4.9-level server reports.</summary>
    public const int V498 = 409;

    /// <summary>5.0.0: from here on a compressed register body carries the queue mapping.</summary>
    public const int V500 = 413;

    /// <summary>5.3.3: what a 5.3-level server reports.</summary>
    public const int V533 = 479;
}
