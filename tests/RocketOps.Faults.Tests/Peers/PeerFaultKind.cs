namespace RocketOps.Faults.Tests.Peers;

/// <summary>Faults of a server as its clients meet them.</summary>
public enum PeerFaultKind
{
    /// <summary>Everything passes.</summary>
    None,

    /// <summary>
    /// Nothing passes in either direction, and new connections are accepted, as by a process that is stopped. What was held passes later.
    /// </summary>
    BlackHole,

    /// <summary>Connections from before the fault pass nothing any more, also after it; new ones work.</summary>
    OldConnectionsDead,

    /// <summary>Requests pass, answers do not.</summary>
    AnswersLost,

    /// <summary>Answers to requests of one code do not pass.</summary>
    AnswersOfOneCodeLost,

    /// <summary>The next answer of each connection ends in its middle; nothing follows until the fault ends, which ends the connection.</summary>
    HalfAnswer,

    /// <summary>Answers pass a byte each second.</summary>
    Trickle,

    /// <summary>Bytes that are no frame come in place of each answer.</summary>
    Garbage,

    /// <summary>Answers come with a number that no request has.</summary>
    UnknownOpaque,

    /// <summary>Connections end, and so do new ones.</summary>
    Refused,

    /// <summary>Connections end; new ones are accepted, and nothing passes on them until the fault ends.</summary>
    AcceptedInSilence,

    /// <summary>Answers pass late.</summary>
    LateAnswers,
}
