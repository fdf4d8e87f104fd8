using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Progress of a topic on its way out of a broker group.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicRemovalPhase>))]
public enum TopicRemovalPhase
{
    /// <summary>It is not yet everywhere it is asked for: producers would have nowhere to go.</summary>
    Waiting,

    /// <summary>Producers are kept out, and may not have noticed.</summary>
    Closing,

    /// <summary>Remaining messages are being read.</summary>
    Draining,

    /// <summary>Everything is read, and clients are told that it is here no more.</summary>
    Removing,
}
