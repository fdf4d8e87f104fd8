using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>A topic as one master broker has it.</summary>
public sealed class TopicBrokerStatus
{
    [Required]
    [Description("The broker group.")]
    public string Name { get; set; } = "";

    [Description("Queues consumers see.")]
    public int ReadQueues { get; set; }

    [Description("Queues producers see.")]
    public int WriteQueues { get; set; }

    [Description("RocketMQ's permission bits: 6 read and write, 4 read, 2 write.")]
    public int Permission { get; set; }

    [Description("Kind of messages, in the broker's words; absent when it is NORMAL.")]
    public string? MessageType { get; set; }

    [Description("True when the topic has RocketMQ's order flag here; absent when it has not.")]
    public bool? Order { get; set; }

    [Description("True when the operator has never written the topic here: it only watches it, or it was there before and differs. Absent where the topic is managed.")]
    public bool? Observed { get; set; }

    [Description("Since when producers are kept out of queues that are to go, of new ones that consumers may not know yet, or of all of them; absent when none are.")]
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? DrainingSince { get; set; }

    [Description("How far the topic is on its way out of this group, which spec.groups does not name: Waiting until it is where it is asked for, Closing until producers have noticed, Draining until everything is read, Removing until clients have forgotten it here. Absent where it stays.")]
    public TopicRemovalPhase? Removal { get; set; }
}

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
