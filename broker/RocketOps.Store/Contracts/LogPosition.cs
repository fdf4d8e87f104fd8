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

/// <summary>Result of waiting for a position.</summary>
public enum WaitOutcome
{
    Reached = 0,

    /// <summary>The write or the flush failed, or the store stopped: the position will not be reached.</summary>
    Failed,

    /// <summary><c>syncFlushTimeout</c> has passed. The message has its place in the log and may still get there.</summary>
    TimedOut,

    /// <summary>The awaited part of the log has been cut off: it is not stored, and is to be sent again.</summary>
    CutOff,

    /// <summary><c>slaveTimeout</c> has passed before enough slaves had it. The message has its place in this log and may still get to theirs.</summary>
    SlaveTimedOut,

    /// <summary>No slave was there that could have had it in time. The message is stored here.</summary>
    NoSlave,

    /// <summary>
    /// The time is over, and the message is in this process alone: not even the kernel has it, so it may be gone with the process, and is to be sent again. What producers are told in the place
    /// of a time-out; the log's own waits end with that.
    /// </summary>
    NotWritten,

    /// <summary>
    /// The time is over, and not every copy in sync has it, in a group that elects its master: whoever leads next may not have it either, so it is not told as stored, and is to be sent again. What producers are told in the
    /// place of a time-out; the log's own waits end with that.
    /// </summary>
    NotConfirmed,
}

/// <summary>Waiter for a position of the log. See <c>LogPositions.When</c>.</summary>
public interface ILogWaiter
{
    /// <summary>
    /// Called exactly once, on whatever thread moves the position, or a timer's: it must not block. An exception is logged and concerns nobody else.
    /// </summary>
    void OnPosition(PhysicalOffset upTo, WaitOutcome outcome);
}
