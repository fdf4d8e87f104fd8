using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>The step an operation is in.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationPhase>))]
public enum OperationPhase
{
    /// <summary>Something has to be so before it goes on.</summary>
    Waiting,

    /// <summary>A group's master is told to take no more messages.</summary>
    Closing,

    /// <summary>Messages in a closed group are being read.</summary>
    Draining,

    /// <summary>A new group that is closed to producers gets the topics and consumer groups of the others.</summary>
    Filling,

    /// <summary>A group that was to go takes messages again, or a new one for the first time.</summary>
    Opening,

    /// <summary>The operator takes a member out of its set, or a group out of its cluster.</summary>
    Removing,

    /// <summary>The pods end.</summary>
    Stopping,

    /// <summary>Volumes and the file systems on them get larger.</summary>
    Growing,

    /// <summary>A group's set is made again, because what it makes claims from cannot be changed; its pods run on.</summary>
    Recreating,

    /// <summary>The members of a group that elects its master restart one at a time, to count one among it that comes, or no longer one that has left.</summary>
    Announcing,

    /// <summary>The operator adds members to a group's set.</summary>
    Adding,

    /// <summary>New members copy what the others have.</summary>
    Joining,

    /// <summary>A master lets another member lead before it restarts.</summary>
    HandingOver,

    /// <summary>A pod stops, and comes back with what is asked for now.</summary>
    Restarting,
}
