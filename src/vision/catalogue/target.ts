import { SetupError } from '../../errors.ts';
import { text } from '../../messages/text.ts';
import {
  type Catalogue,
  type CatalogueModel,
  type CatalogueVendor,
  type ImageTokens,
  type RequestRules,
  type TokenPrice,
  type VendorName,
  vendorNames,
} from './catalogue.ts';

/** A model at an address, with all that the catalogue knows of both. */
export interface Target {
  /** Whose error codes are spoken there. */
  readonly vendor: VendorName;
  readonly wire: 'openai' | 'anthropic';
  /** Without a slash at its end; it may have a query. */
  readonly baseUrl: string;
  readonly model: string;
  readonly request: RequestRules;
  readonly price?: TokenPrice & { readonly flex?: TokenPrice };
  /** In which it is paid; absent where that is unknown, or it costs nothing. */
  readonly currency?: string;
  readonly imageTokens?: ImageTokens;
  /** `2027-01-14` */
  readonly shutdown?: string;
  readonly replacement?: string;
  readonly modelList?: { readonly shutdownField?: string };
}

/** What every server understands. */
export const plainRequest: RequestRules = {
  structuredOutput: 'none',
  maxTokensField: 'max_tokens',
  body: {},
};

/**
 * What is sent follows the host that is asked: one that the catalogue does not know gets only what every server
 * understands, whatever vendor is named, unless that vendor's servers are the operator's own.
 * @throws Error the vendor has no address of its own, and none is given
 */
export function targetOf(
  catalogue: Catalogue,
  asked: {
    readonly vendor: VendorName;
    readonly baseUrl: string | undefined;
    readonly model: string | undefined;
    /** `album`: the vendor's slow service at half price, where it has one. */
    readonly lane?: 'album' | undefined;
  },
): Target {
  const named = catalogue.vendors[asked.vendor];
  const albumSite = asked.lane && named.album?.site;
  const ownAddress = albumSite
    ? named.sites[albumSite]?.baseUrl
    : Object.values(named.sites).find(({ baseUrl }) => baseUrl)?.baseUrl;
  const address = asked.baseUrl ?? ownAddress;
  if (address === undefined)
    throw new SetupError(
      text('{vendor} has no address of its own: set LLM_BASE_URL (LLM_<NAME>_BASE_URL)', asked),
    );
  const baseUrl = baseOf(address);
  const found = siteAt(catalogue, new URL(baseUrl).hostname.toLowerCase());
  const owner = found ? catalogue.vendors[found.vendor] : named.selfHosted ? named : undefined;
  // Several vendors speak Anthropic's format as well, at another address of the same host.
  const wire = named.wire === 'anthropic' ? named.wire : (owner?.wire ?? named.wire);
  const ruling = owner?.wire === wire ? owner : undefined;
  const model = asked.model ?? (owner ?? named).defaultModel;
  const entry = owner ? modelIn(owner, model) : modelAnywhere(catalogue, named, model);
  const imageTokens =
    entry?.imageTokens === undefined ? ruling?.imageTokens : (entry.imageTokens ?? undefined);
  return {
    vendor: found?.vendor ?? asked.vendor,
    wire,
    baseUrl,
    model,
    request: ruling ? rulesOf(ruling, entry, asked.lane && ruling.album?.body) : plainRequest,
    ...offerOf(catalogue, { owner, site: found?.site, entry, model }),
    ...(imageTokens && { imageTokens }),
    ...(entry?.shutdown !== undefined && { shutdown: entry.shutdown }),
    ...(entry?.replacement !== undefined && { replacement: entry.replacement }),
    ...(ruling?.modelList && { modelList: ruling.modelList }),
  };
}

const endpoints = /\/(chat\/completions|messages)$/;

function baseOf(address: string): string {
  const [path = '', ...query] = address.split('?');
  return [path.replace(/\/+$/, '').replace(endpoints, ''), ...query].join('?');
}

/** The address of `path` below a base; the base's query stays. */
export function endpointOf(baseUrl: string, path: string): string {
  const [base, ...query] = baseUrl.split('?');
  return [`${base}/${path}`, ...query].join('?');
}

/** Self-hosted servers may be at any host. */
function siteAt({ vendors }: Catalogue, host: string): { vendor: VendorName; site: string } | undefined {
  for (const vendor of vendorNames) {
    const { selfHosted, sites } = vendors[vendor];
    for (const [site, { baseUrl, hosts = [] }] of Object.entries(selfHosted ? {} : sites)) {
      const own = baseUrl === undefined ? [] : [new URL(baseUrl).hostname];
      const isHere = [...own, ...hosts].some((one) =>
        one.startsWith('*.') ? host.endsWith(one.slice(1)) : host === one,
      );
      if (isHere) return { vendor, site };
    }
  }
  return undefined;
}

/** Vendors date their models: `gpt-4.1-mini-2025-04-14`, `claude-haiku-4-5-20251001`. */
export function undated(model: string): string {
  return model.replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$/, '');
}

function entryOf<T>(entries: Readonly<Record<string, T>>, model: string): T | undefined {
  const name = [model, undated(model)].find((one) => Object.hasOwn(entries, one));
  return name === undefined ? undefined : entries[name];
}

function modelIn({ models }: CatalogueVendor, model: string): CatalogueModel | undefined {
  return entryOf(models, model);
}

/** Behind a gateway: as its own vendor calls it. */
function modelAnywhere({ vendors }: Catalogue, named: CatalogueVendor, model: string) {
  for (const vendor of [named, ...Object.values(vendors)]) {
    const entry = modelIn(vendor, model);
    if (entry) return entry;
  }
  return undefined;
}

interface Offer {
  readonly owner: CatalogueVendor | undefined;
  readonly site: string | undefined;
  readonly entry: CatalogueModel | undefined;
  readonly model: string;
}

function offerOf(
  { ownPrices }: Catalogue,
  { owner, site, entry, model }: Offer,
): { readonly currency?: string; readonly price?: NonNullable<Target['price']> } {
  if (ownPrices) {
    const price = entryOf(ownPrices.models, model);
    return price ? { price, currency: ownPrices.currency } : {};
  }
  if (owner?.selfHosted) return { price: { input: 0, output: 0 } };
  const prices = entry?.prices ?? {};
  // A gateway's price is not known; its upstream's is the best guess.
  const price = site === undefined ? Object.values(prices)[0] : prices[site];
  const currency = price?.currency ?? (site === undefined ? undefined : owner?.sites[site]?.currency);
  return { ...(price && { price }), ...(currency !== undefined && { currency }) };
}

function rulesOf(
  { request }: CatalogueVendor,
  entry: CatalogueModel | undefined,
  more: RequestRules['body'] | undefined,
): RequestRules {
  const own = entry?.request ?? {};
  return { ...plainRequest, ...request, ...own, body: { ...request.body, ...own.body, ...more } };
}
