/**
 * Written by `npm run client-types` from the service's OpenAPI document: don't edit. Each route with what is sent to it
 * as JSON, what it answers with, and, where it streams, a line of that.
 */
export interface Api {
  /** Health in words */
  'GET /api/v1/health': {
    answer: {
      status: 'healthy' | 'unhealthy';
      database: 'connected' | 'disconnected';
      model_api: 'available' | 'not_configured' | 'unavailable';
      /** Of the vision LLM, where one is configured; without it the local model answers */
      llm?: 'available' | 'over_budget' | 'unavailable';
      timestamp: string;
    };
  };
  /** Health in words (client C) */
  'GET /api/v2/health': {
    answer: {
      status: 'healthy' | 'unhealthy';
      database: 'connected' | 'disconnected';
      model_api: 'available' | 'not_configured' | 'unavailable';
      /** Of the vision LLM, where one is configured; without it the local model answers */
      llm?: 'available' | 'over_budget' | 'unavailable';
      timestamp: string;
      user_id?: string;
      /** Web | Android | iOS */
      device_type?: string;
      client_timestamp?: string;
    };
  };
  /** Ask for one photo by hash, before uploading it */
  'POST /api/v1/classify/check-cache': {
    body: {
      /** SHA-256 of the original file, 64 hexadecimal digits */
      image_hash: string;
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
    };
    answer: {
      success: true;
      cached: boolean;
      data: {
        /** A key of the taxonomy */
        category: string;
        confidence: number;
        description?: string;
        inference_method: 'cache' | 'llm' | 'local';
        model: string;
        /** The preferred method failed and a weaker one answered */
        degraded: boolean;
      } | null;
      from_cache: boolean;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Ask for many photos by hash */
  'POST /api/v1/classify/batch-check-cache': {
    body: {
      image_hashes: string[];
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
    };
    answer: {
      success: true;
      total: number;
      cached_count: number;
      items: {
        image_hash: string;
        cached: boolean;
        data: {
          /** A key of the taxonomy */
          category: string;
          confidence: number;
          description?: string;
          inference_method: 'cache' | 'llm' | 'local';
          model: string;
          /** The preferred method failed and a weaker one answered */
          degraded: boolean;
        } | null;
      }[];
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Classify one photo */
  'POST /api/v1/classify': {
    answer: {
      success: true;
      data: {
        /** A key of the taxonomy */
        category: string;
        confidence: number;
        description?: string;
        inference_method: 'cache' | 'llm' | 'local';
        model: string;
        /** The preferred method failed and a weaker one answered */
        degraded: boolean;
      };
      from_cache: boolean;
      processing_time_ms: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Classify a batch of photos */
  'POST /api/v1/classify/batch': {
    answer: {
      success: true;
      total: number;
      success_count: number;
      fail_count: number;
      total_processing_time_ms: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
      items: {
        index: number;
        filename: string;
        success: boolean;
        data?: {
          /** A key of the taxonomy */
          category: string;
          confidence: number;
          description?: string;
          inference_method: 'cache' | 'llm' | 'local';
          model: string;
          /** The preferred method failed and a weaker one answered */
          degraded: boolean;
        };
        error?: string;
        error_code?: string;
        from_cache: boolean;
        processing_time_ms: number;
      }[];
    };
    line:
      | {
          index: number;
          filename: string;
          success: boolean;
          data?: {
            /** A key of the taxonomy */
            category: string;
            confidence: number;
            description?: string;
            inference_method: 'cache' | 'llm' | 'local';
            model: string;
            /** The preferred method failed and a weaker one answered */
            degraded: boolean;
          };
          error?: string;
          error_code?: string;
          from_cache: boolean;
          processing_time_ms: number;
          /** Where the batch stands */
          progress: {
            /** Photos that have arrived so far */
            received: number;
            /** Answered or failed, this one included */
            finished: number;
            success_count: number;
            fail_count: number;
            cached_count: number;
            /** Photos that are worked on at once, at present */
            at_once: number;
          };
        }
      | {
          success: true;
          total: number;
          success_count: number;
          fail_count: number;
          total_processing_time_ms: number;
          /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
          request_id: string;
          timestamp: string;
        }
      | {
          type: string;
          title: string;
          status: number;
          /** One sentence a person can act on */
          detail: string;
          /** Stable, snake case */
          code: string;
          request_id: string;
        };
  };
  /** Classify one photo by the local model alone; nothing is stored */
  'POST /api/v1/local-classify': {
    answer: {
      success: true;
      data: {
        /** A key of the taxonomy */
        category: string;
        confidence: number;
        description?: string;
        inference_method: 'cache' | 'llm' | 'local';
        model: string;
        /** The preferred method failed and a weaker one answered */
        degraded: boolean;
        /** The model's probability of each of its own labels */
        scores: Record<string, number>;
      };
      from_cache: false;
      processing_time_ms: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Ask for many photos by hash (client C) */
  'POST /api/v2/classify/batch-check-cache': {
    body: {
      items: {
        index: number;
        /** SHA-256 of the original file, 64 hexadecimal digits */
        image_hash: string;
        image_uri: string;
      }[];
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
      /** Ignored */
      prompt?: string | null;
    };
    answer: {
      error_type: 'success';
      results: {
        index: number;
        image_uri: string;
        image_hash: string;
        cached: boolean;
        /** A key of the taxonomy */
        category?: string;
        confidence?: number;
        description?: string;
        inference_method?: 'cache' | 'llm' | 'local';
        model?: string;
        /** The preferred method failed and a weaker one answered */
        degraded?: boolean;
      }[];
      summary: {
        total: number;
        cached_count: number;
        miss_count: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Classify a batch of photos (client C) */
  'POST /api/v2/classify/batch': {
    answer: {
      error_type: 'success';
      summary: {
        total_count: number;
        success_count: number;
        failed_count: number;
        cached_count: number;
        llm_count: number;
        total_time_ms: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
      results: {
        index: number;
        image_uri: string;
        error?: string;
        error_code?: string;
        /** A key of the taxonomy */
        category?: string;
        confidence?: number;
        description?: string;
        inference_method?: 'cache' | 'llm' | 'local';
        model?: string;
        /** The preferred method failed and a weaker one answered */
        degraded?: boolean;
        processing_time_ms: number;
      }[];
    };
    line:
      | {
          index: number;
          filename: string;
          error?: string;
          error_code?: string;
          /** A key of the taxonomy */
          category?: string;
          confidence?: number;
          description?: string;
          inference_method?: 'cache' | 'llm' | 'local';
          model?: string;
          /** The preferred method failed and a weaker one answered */
          degraded?: boolean;
          processing_time_ms: number;
          /** Where the batch stands */
          progress: {
            /** Photos that have arrived so far */
            received: number;
            /** Answered or failed, this one included */
            finished: number;
            success_count: number;
            fail_count: number;
            cached_count: number;
            /** Photos that are worked on at once, at present */
            at_once: number;
          };
        }
      | {
          error_type: 'success';
          summary: {
            total_count: number;
            success_count: number;
            failed_count: number;
            cached_count: number;
            llm_count: number;
            total_time_ms: number;
          };
          /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
          request_id: string;
          timestamp: string;
        }
      | {
          type: string;
          title: string;
          status: number;
          /** One sentence a person can act on */
          detail: string;
          /** Stable, snake case */
          code: string;
          request_id: string;
        };
  };
  /** What happened since midnight */
  'GET /api/v1/stats/today': {
    answer: {
      date: string;
      time_zone: string;
      from: string;
      /** The first moment of the next day */
      to: string;
      requests: number;
      lookups: number;
      lookup_hits: number;
      lookup_misses: number;
      /** Uploads, and look-ups that hit */
      photos: number;
      /** Photos answered without asking a model for them */
      hits: number;
      hits_by_kind: {
        memory: number;
        store: number;
        claim: number;
        flight: number;
      };
      /** Photos that a model was asked for and answered */
      misses: number;
      /** Hits among answered photos, 0 to 1 */
      hit_rate: number;
      llm: number;
      local: number;
      failed: number;
      degraded: number;
      unique_users: number;
      /** By what answered */
      latency_ms: Record<
        string,
        {
          count: number;
          p50: number;
          p95: number;
        }
      >;
      /** What LLM calls have cost today, in units of the price table */
      llm_cost: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Say which category is right */
  'POST /api/v1/feedback': {
    body: {
      /** SHA-256 of the original file, 64 hexadecimal digits */
      image_hash: string;
      /** A key of the taxonomy */
      category: string;
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
    };
    answer: {
      success: true;
      /** The photo is known: the next look-up answers so */
      applied: boolean;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What clients said is right, the newest first */
  'GET /api/v1/feedback': {
    answer: {
      items: {
        image_hash: string;
        category: string;
        /** What the claimant had been told */
        answered?: string;
        model?: string;
        /** Who said so, as a hash */
        claimant: string;
        at: string;
      }[];
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What the cache holds */
  'GET /api/v1/stats/cache': {
    answer: {
      results: number;
      versions: {
        version: string;
        results: number;
        oldest: string;
        newest: string;
      }[];
      claims: number;
      /** Hashes claimed for different-looking photos */
      conflicting_hashes: number;
      feedback: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Forget a photo, a user, or all from before a time */
  'POST /api/v1/forget': {
    body: {
      /** SHA-256 of the original file, 64 hexadecimal digits */
      image_hash?: string;
      user_id?: string;
      before?: string;
    };
    answer: {
      success: true;
      deleted: {
        results: number;
        claims: number;
        feedback: number;
        photos: number;
        requests: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
}
