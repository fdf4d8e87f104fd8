namespace RocketOps.Embedded.Api.Http;

/// <summary>What to do about unknown and duplicate fields.</summary>
internal enum FieldValidation
{
    /// <summary>Tell the client in a <c>Warning</c> header; the default.</summary>
    Warn,
    Ignore,
    Strict,
}
