using System.Globalization;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>A fault of a server.</summary>
/// <param name="Kind">What clients meet.</param>
/// <param name="Code">Request code, of <see cref="PeerFaultKind.AnswersOfOneCodeLost"/>.</param>
/// <param name="Delay">Delay of each answer, of <see cref="PeerFaultKind.LateAnswers"/>.</param>
internal sealed record PeerFault(PeerFaultKind Kind, int Code = 0, TimeSpan Delay = default)
{
    /// <summary>Everything passes.</summary>
    public static PeerFault None { get; } = new(PeerFaultKind.None);

    /// <summary>True when requests and answers wait for the fault's end.</summary>
    public bool HoldsEverything => Kind is PeerFaultKind.BlackHole or PeerFaultKind.AcceptedInSilence;

    /// <summary>True when the fault ends the connections that it finds.</summary>
    public bool EndsConnections => Kind is PeerFaultKind.Refused or PeerFaultKind.AcceptedInSilence;

    public override string ToString() => Kind switch
    {
        PeerFaultKind.AnswersOfOneCodeLost => string.Create(CultureInfo.InvariantCulture, $"{Kind} ({Code})"),
        PeerFaultKind.LateAnswers => string.Create(CultureInfo.InvariantCulture, $"{Kind} ({Delay.TotalSeconds} s)"),
        _ => Kind.ToString(),
    };
}
