namespace RocketOps.Store.Contracts;

/// <summary>Kind of position in the log. Everything before a position has the property it is named after.</summary>
public enum LogPosition
{
    /// <summary>Handed to the kernel: survives the process.</summary>
    Written = 0,

    /// <summary>On the disk: survives the machine.</summary>
    Durable = 1,

    /// <summary>On as many other members of the group as the configuration asks for: survives the loss of this machine. What is replicated was visible here before, see <c>LogPositions.VisibleAt</c>.</summary>
    Replicated = 2,
}
